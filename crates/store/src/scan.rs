//! Tasks in plan order, made ready in the background within a budget.

use crate::Store;
use crate::plan::Plan;
use crate::prefetch::{GRAIN, Prefetch};
use crate::task::Task;
use futures::future::{Either, select};
use std::pin::pin;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;

/// Tasks that wait at most, however small they are.
const TASKS_AHEAD: usize = 64;

/// Which columns a scan yields, by their names at the top level; names a source does not have are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Columns {
    /// Every column of a source.
    All,
    /// These, in the order of the source.
    Only(Vec<String>),
}

/// The tasks of a plan, in its order; dropping it ends the prefetch.
///
/// A task holds its part of the budget until it is dropped: a caller that keeps many tasks and drops none of them
/// waits for itself. So does one whose thread, in the middle of a task, comes back here for another, as work
/// stealing can make it; take tasks on a thread that decodes none.
///
/// Of objects and of local CSV the part is what was fetched ahead. Local Parquet is read when it is decoded, so
/// its part is only the largest column chunk that a task wants and a share of the footer: room for a reader of one
/// chunk at a time.
#[derive(Debug)]
pub struct Scan {
    queue: mpsc::Receiver<Background<Task>>,
    stop: StopHandle,
    stopped: watch::Receiver<bool>,
    budget: Arc<Semaphore>,
    grains: u32,
    /// What has still to come.
    expected: std::vec::IntoIter<(usize, usize)>,
    plan: Arc<Plan>,
    _prefetch: Background<()>,
    /// Keeps the runtime, and with it the prefetch, alive.
    store: Store,
}

/// Ends a [`Scan`] from another thread.
#[derive(Debug, Clone)]
pub struct StopHandle(Arc<watch::Sender<bool>>);

impl StopHandle {
    /// From now on the scan yields nothing more; tasks that were handed out can still be decoded.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Store {
    /// Makes the tasks of `plan` ready in the background, with at most `prefetch_bytes` held by those that are
    /// fetched or decoded; a task that takes more goes alone.
    #[must_use]
    pub fn scan(&self, plan: &Arc<Plan>, columns: Columns, prefetch_bytes: u64) -> Scan {
        let most = u32::MAX >> 3;
        let grains = u32::try_from(prefetch_bytes / GRAIN).unwrap_or(most).clamp(1, most);
        let budget = Arc::new(Semaphore::new(grains as usize));
        let (sender, queue) = mpsc::channel(TASKS_AHEAD);
        let (stop, stopped) = watch::channel(false);
        let columns = match columns {
            Columns::All => None,
            Columns::Only(names) => Some(names.into_iter().collect()),
        };
        let prefetch = Prefetch { plan: Arc::clone(plan), columns, budget: Arc::clone(&budget), grains };
        let _entered = self.runtime.enter();
        Scan {
            queue,
            stop: StopHandle(Arc::new(stop)),
            stopped,
            budget,
            grains,
            expected: plan.tasks().collect::<Vec<_>>().into_iter(),
            plan: Arc::clone(plan),
            _prefetch: Background::spawn(Arc::new(prefetch).run(sender)),
            store: self.clone(),
        }
    }
}

impl Scan {
    /// A handle that ends this scan.
    #[must_use]
    pub fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }

    /// Bytes of the budget that tasks hold, ready or nearly so and not dropped yet, in whole KiB; a task that takes
    /// more than the budget counts as all of it.
    #[must_use]
    pub fn bytes_ahead(&self) -> u64 {
        u64::from(self.grains).saturating_sub(self.budget.available_permits() as u64) * GRAIN
    }
}

impl Iterator for Scan {
    type Item = Task;

    fn next(&mut self) -> Option<Task> {
        if *self.stopped.borrow() {
            return None;
        }
        let (source, task) = self.expected.next()?;
        let Self { queue, stopped, store, .. } = self;
        let fetched = store.runtime.block_on(async {
            let fetched = pin!(async { queue.recv().await?.join().await });
            let stop = pin!(stopped.wait_for(|stopped| *stopped));
            match select(fetched, stop).await {
                Either::Left((fetched, _)) => Some(fetched),
                Either::Right(_) => None,
            }
        })?;
        // A fetch that came to no end must not look like the end of the scan.
        Some(fetched.unwrap_or_else(|| Task::lost(&self.plan, source, task)))
    }
}

/// A task of the runtime that ends when nobody waits for it any more.
#[derive(Debug)]
pub(crate) struct Background<T>(JoinHandle<T>);

impl<T: Send + 'static> Background<T> {
    /// Starts it on the runtime that has been entered.
    pub(crate) fn spawn(work: impl Future<Output = T> + Send + 'static) -> Self {
        Self(tokio::spawn(work))
    }

    /// Waits for it; `None` when it did not come to its end.
    pub(crate) async fn join(mut self) -> Option<T> {
        (&mut self.0).await.ok()
    }
}

impl<T> Drop for Background<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
