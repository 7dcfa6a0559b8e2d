//! Both ends of the pipe: places, planning and scanning of captures, tables and documents out.
//!
//! A [`Store`] opens [`Location`]s, [plans](Store::plan) which captures a run has to read, [scans](Store::scan) them
//! as tasks whose bytes arrive ahead of the decoder, and writes tables and documents in one step each. It owns the
//! only asynchronous code: every call here blocks, or hands back a receiving end. It does not know what a window, a
//! feature or a profile is.
//!
//! ```
//! # fn main() -> Result<(), store::Error> {
//! let store = store::Store::new(2)?;
//! let place = store::Location::parse("memory:///notes/first.txt", ".".as_ref())?;
//! store.write(&place, b"hello".to_vec())?;
//! assert_eq!(store.read(&place)?.as_deref(), Some(b"hello".as_slice()));
//! # Ok(())
//! # }
//! ```

mod aws_profile;
mod backend;
mod bucket;
mod capture;
mod chunk;
mod csv;
mod decode;
mod distant;
mod document;
mod error;
mod footer;
mod hive;
mod inspect;
mod lease;
mod listing;
mod local;
mod local_file;
mod location;
mod manifest;
mod pieces;
mod plan;
mod pool;
mod prefetch;
mod records;
mod remote;
mod retry;
mod row_group;
mod scan;
mod sink;
mod table;
mod task;
mod text;
mod thrift;
mod times;
mod traffic;
mod upload;

pub use capture::{Format, Layout, Source};
pub use chunk::Chunks;
pub use error::{Cause, Error};
pub use lease::Lease;
pub use location::Location;
pub use pieces::{Notes, Pieces};
pub use plan::{Listed, Plan, PlanOptions, PlanProgress, PlanStatus, PlannedSource, TaskPlan, outside};
pub use records::{
    EVENT_ID, EVENT_TIME, GROUND_TRUTH, LeftOut, LeftOutLine, OutputsAt, RecordOptions, UNTYPED,
};
pub use row_group::RowGroup;
pub use scan::{Columns, Scan, StopHandle};
pub use table::TableFile;
pub use task::Task;
pub use times::epoch_micros;
pub use traffic::Traffic;

use backend::Backend;
use location::Place;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::{Builder, Runtime};
use traffic::Meter;

/// Threads that read local files. Few: each has its own heap, and what one frees another cannot use.
const BLOCKING_THREADS: usize = 4;

/// Opens places and keeps them open; clones share one runtime and one cache of opened stores.
///
/// Its calls block and must not be made from inside an asynchronous runtime.
#[derive(Debug, Clone)]
pub struct Store {
    runtime: Arc<Runtime>,
    opened: Arc<Mutex<HashMap<Place, Backend>>>,
    meter: Meter,
}

impl Store {
    /// A store whose input and output run on `threads` threads of their own.
    ///
    /// # Errors
    /// [`Error::Io`] when the threads cannot be started.
    pub fn new(threads: usize) -> Result<Self, Error> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads.max(1))
            .max_blocking_threads(BLOCKING_THREADS)
            .thread_name("store")
            .enable_all()
            .build()
            .map_err(|error| Error::io("threads", "open", error))?;
        Ok(Self { runtime: Arc::new(runtime), opened: Arc::default(), meter: Meter::default() })
    }

    /// What was asked of object stores so far.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.meter.so_far()
    }

    fn backend(&self, location: &Location) -> Result<Backend, Error> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(backend) = opened.get(location.place()) {
            return Ok(backend.clone());
        }
        let backend = self.runtime.block_on(Backend::open(location.place(), self.meter.clone()))?;
        opened.insert(location.place().clone(), backend.clone());
        Ok(backend)
    }
}
