//! An object store in memory whose answers take a while, to see what latency costs.

use crate::backend::Backend;
use crate::location::Place;
use crate::remote::Objects;
use crate::traffic::Meter;
use crate::{Error, Location, Plan, Store};
use object_store::memory::InMemory;
use object_store::throttle::{ThrottleConfig, ThrottledStore};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

impl Store {
    /// A store with the threads of this one whose `memory://` is empty and lets each read and each listing wait for
    /// `latency`; writes do not wait.
    #[must_use]
    pub fn distant(&self, latency: Duration) -> Self {
        let throttle = ThrottleConfig {
            wait_get_per_call: latency,
            wait_list_per_call: latency,
            wait_list_with_delimiter_per_call: latency,
            ..ThrottleConfig::default()
        };
        let meter = Meter::default();
        let objects = Objects::in_memory(ThrottledStore::new(InMemory::new(), throttle), meter.clone());
        let opened = HashMap::from([(Place::Memory, Backend::Objects(objects))]);
        Self { runtime: Arc::clone(&self.runtime), opened: Arc::new(Mutex::new(opened)), meter }
    }

    /// Copies the sources of a plan for `captures` into `folder` of another store, in the folders that they are in.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a source that is gone, otherwise those of [`Store::read`] and [`Store::write`].
    pub fn copy_sources(
        &self,
        plan: &Plan,
        captures: &Location,
        to: &Self,
        folder: &Location,
    ) -> Result<(), Error> {
        for planned in &plan.sources {
            let path = &planned.source.path;
            let content = self.runtime.block_on(plan.backend.read(&planned.key, path))?;
            let content =
                content.ok_or_else(|| Error::NotFound { path: path.clone(), hint: String::new() })?;
            // One file that is named outright has no folder to be in.
            let below = path.strip_prefix(captures.shown()).map(|rest| rest.trim_start_matches('/'));
            let name = below.filter(|below| !below.is_empty()).or(path.rsplit('/').next()).unwrap_or(path);
            to.write(&folder.join(name)?, content.into())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
