//! One writer at a time: a folder of results is held for as long as something writes into it.

mod local;
mod object;
mod record;

use crate::backend::{Backend, blocking};
use crate::location::below;
use crate::{Error, Location, Store};
use local::Lock;
use object::Holder;
use record::Record;

/// The file or object that says who holds its folder.
const NAME: &str = ".lease";

/// A folder that nobody else can lease until this is dropped.
///
/// On a local file system it is a lock of the operating system, which ends with the process, however that ends. In an
/// object store it is an object that is good for 30 s and renewed every 10 s in the background: what a killed process
/// leaves is taken over at once on its own machine, and after 30 s elsewhere, provided that clocks agree to within a few
/// seconds. Where a store refuses conditional puts, two that start within a second are told apart by reading back.
#[derive(Debug)]
pub struct Lease(Kind);

#[derive(Debug)]
enum Kind {
    Local(Lock),
    Object(Holder),
}

impl Store {
    /// Holds `folder` for `owner`, which is what others are told; a local folder is created if there is none.
    ///
    /// # Errors
    /// [`Error::Held`] when somebody else holds it, [`Error::Invalid`] for a wildcard, [`Error::Corrupt`] when the object
    /// that should tell is something else; otherwise those of [`Store::write`].
    pub fn lease(&self, folder: &Location, owner: &str) -> Result<Lease, Error> {
        let place = folder.join(NAME)?;
        let record = Record::new(owner);
        let shown = folder.to_string();
        let kind = match self.backend(folder)? {
            Backend::Local(_) => {
                let path = below(folder.root(), NAME);
                let lock = blocking("write", move || Lock::take(path.as_ref(), &shown, &record));
                Kind::Local(self.runtime.block_on(lock)?)
            }
            Backend::Objects(objects) => {
                Kind::Object(Holder::take(&self.runtime, objects, place.root(), &shown, record)?)
            }
        };
        Ok(Lease(kind))
    }
}

impl Lease {
    /// Whether the folder is still held: false once somebody else took it, as after a pause longer than a lease is good
    /// for. While a store cannot be reached, what was known last counts.
    #[must_use]
    pub fn is_held(&self) -> bool {
        match &self.0 {
            Kind::Local(lock) => lock.is_held(),
            Kind::Object(holder) => holder.is_held(),
        }
    }

    /// Lets others have the folder, as dropping does; nothing stays in it. A store that cannot be reached is asked for 10 s, and
    /// then left with what expires by itself.
    pub fn release(self) {}
}

#[cfg(test)]
mod tests;
