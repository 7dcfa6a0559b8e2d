//! The pass over captures that baselines and runs share: tasks in parallel, sources whole and in order.

use std::{
    collections::BTreeSet,
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering},
};

use profile::in_order;
use rayon::ThreadPool;
use store::{Columns, Plan, PlanStatus, PlannedSource, Store, Task};

use crate::{Error, Progress, Settings, Watch};

/// Bytes prefetched where no budget was given.
const DEFAULT_MEMORY: u64 = 1 << 30;

/// Why a source cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) reason: String,
    /// Whether it will be as bad the next time, unless it changes.
    pub(crate) lasting: bool,
    /// Whether driftscan itself failed on it.
    pub(crate) defect: bool,
}

impl From<String> for Fault {
    fn from(reason: String) -> Self {
        Self { reason, lasting: true, defect: false }
    }
}

impl Fault {
    /// The fault, if it is one of the data. What a defect of ours has left half done is nothing to go on with, where sources
    /// are not counted each by itself.
    pub(crate) fn of_data(self, path: &str) -> Result<Self, Error> {
        if self.defect { Err(Error::Defect { path: path.to_owned() }) } else { Ok(self) }
    }
}

/// Why a task came to nothing.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Its source cannot be used.
    Source(Fault),
    /// No fault of the source, and no reason to go on without it: the store does not answer, or a disk is full.
    Run(Error),
}

impl From<String> for Trouble {
    fn from(reason: String) -> Self {
        Self::Source(reason.into())
    }
}

impl From<store::Error> for Trouble {
    fn from(error: store::Error) -> Self {
        if error.is_of_the_store() {
            return Self::Run(error.into());
        }
        Self::Source(Fault { reason: error.chain(), lasting: error.is_lasting(), defect: false })
    }
}

/// How a pass over the sources of a plan is made.
pub(crate) struct Pass<'a> {
    pub(crate) store: &'a Store,
    pub(crate) plan: &'a Arc<Plan>,
    pub(crate) settings: &'a Settings,
    /// What is read of each source.
    pub(crate) columns: Columns,
    pub(crate) pool: &'a ThreadPool,
    pub(crate) watch: Watch<'a>,
}

impl Pass<'_> {
    /// Reads every source that is ready. `work` runs on the pool, once a task; its results are merged in task
    /// order. `done` runs on the calling thread, once a source in plan order, with what came of it whole or with
    /// the reason why it cannot be used. Returns whether the pass came to its end.
    pub(crate) fn run<R: Send>(
        &self,
        work: impl Fn(&PlannedSource, Task) -> Result<R, Trouble> + Sync,
        merge: impl Fn(&mut R, R),
        progress: &mut Progress,
        done: impl FnMut(usize, Result<Option<R>, Fault>, &mut Progress) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        self.run_within(&|_, _| 0, work, merge, progress, done)
    }

    /// The same, with what comes of tasks in memory within a part of the budget: `weigh` says how many bytes that will
    /// be of a task of so many rows. A task that weighs more goes alone.
    pub(crate) fn run_within<R: Send>(
        &self,
        weigh: &dyn Fn(&PlannedSource, u64) -> u64,
        work: impl Fn(&PlannedSource, Task) -> Result<R, Trouble> + Sync,
        merge: impl Fn(&mut R, R),
        progress: &mut Progress,
        mut done: impl FnMut(usize, Result<Option<R>, Fault>, &mut Progress) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        let sources = &self.plan.sources;
        let ready = |source: &PlannedSource| matches!(source.status, PlanStatus::Ready);
        let scan = self.store.scan(self.plan, self.columns.clone(), prefetch(self.settings));
        let stop = scan.stop_handle();
        let threads = self.pool.current_num_threads();
        let mut failure = None;
        // The source whose tasks come in, with what came of those so far.
        let mut open: Option<(usize, Result<Option<R>, Fault>)> = None;
        let mut next = 0;
        let mut finish_before =
            |at: usize, open: &mut Option<(usize, Result<Option<R>, Fault>)>, progress: &mut Progress| {
                while next < at {
                    let result = match open.take_if(|(source, _)| *source == next) {
                        Some((_, result)) => result,
                        None => Ok(None),
                    };
                    if ready(&sources[next]) {
                        progress.sources_done += 1;
                        done(next, result, progress)?;
                        (self.watch.progress)(*progress);
                    }
                    next += 1;
                }
                Ok(())
            };
        in_order(
            self.pool,
            scan,
            |task: &Task| {
                let weight = sources.get(task.source).map_or(0, |source| weigh(source, task.rows));
                let fit = memory(self.settings) / SHARE / weight.max(1);
                usize::try_from(fit).unwrap_or(usize::MAX).min(2 * threads)
            },
            |task: Task| {
                let (source, rows, bytes) = (task.source, task.rows, task.bytes);
                let result = match sources.get(source) {
                    // A defect of ours in one file must not cost the results of all others.
                    Some(planned) => {
                        catch_unwind(AssertUnwindSafe(|| work(planned, task))).unwrap_or_else(|_| {
                            let reason = "driftscan failed on it; please report this".to_owned();
                            Err(Trouble::Source(Fault { reason, lasting: true, defect: true }))
                        })
                    }
                    None => Err("the plan does not know this source".to_owned().into()),
                };
                (source, rows, bytes, result)
            },
            |(source, rows, bytes, result)| {
                if self.watch.stop.load(Ordering::Relaxed) {
                    return ControlFlow::Break(());
                }
                if let Err(error) = finish_before(source, &mut open, progress) {
                    failure = Some(error);
                    return ControlFlow::Break(());
                }
                progress.rows_done += rows;
                progress.bytes_done += bytes;
                (self.watch.progress)(*progress);
                let (_, whole) = open.get_or_insert((source, Ok(None)));
                match (whole, result) {
                    (_, Err(Trouble::Run(error))) => {
                        failure = Some(error);
                        return ControlFlow::Break(());
                    }
                    (whole, Err(Trouble::Source(fault))) => *whole = Err(fault),
                    (Err(_), Ok(_)) => {}
                    (Ok(Some(whole)), Ok(part)) => merge(whole, part),
                    (Ok(empty), Ok(part)) => *empty = Some(part),
                }
                ControlFlow::Continue(())
            },
        );
        stop.stop();
        if let Some(error) = failure {
            return Err(error);
        }
        if self.watch.stop.load(Ordering::Relaxed) {
            return Ok(false);
        }
        finish_before(sources.len(), &mut open, progress)?;
        Ok(true)
    }
}

/// A pool of the threads that were asked for.
pub(crate) fn pool(settings: &Settings) -> Result<ThreadPool, Error> {
    threads(settings.threads)
}

/// A pool of so many threads; 0 means one a core.
pub(crate) fn threads(count: usize) -> Result<ThreadPool, Error> {
    rayon::ThreadPoolBuilder::new().num_threads(count).build().map_err(|error| Error::Setting {
        name: "threads".to_owned(),
        reason: format!("could not start {count} threads: {error}"),
    })
}

/// The budget has four equal parts: bytes that wait to be counted, tasks that are counted, profiles that wait for the
/// rest of their dates, and windows that are made.
pub(crate) const SHARE: u64 = 4;

fn prefetch(settings: &Settings) -> u64 {
    memory(settings) / SHARE
}

/// The budget of a run in bytes.
pub(crate) fn memory(settings: &Settings) -> u64 {
    if settings.memory_bytes == 0 { DEFAULT_MEMORY } else { settings.memory_bytes }
}

/// Why a source cannot be used, without its path in front: messages and tables name that beside it.
pub(crate) fn plain_reason(path: &str, reason: &str) -> String {
    reason.strip_prefix(&format!("`{path}`: ")).unwrap_or(reason).to_owned()
}

/// Columns that a pass needs: those that are monitored, the time, and the segments. An id of 32 bytes a row costs more
/// to read than ten numbers.
pub(crate) fn columns(plan: &Plan, settings: &Settings) -> Columns {
    let schemas = plan.sources.iter().filter_map(|source| source.schema.as_ref());
    let names: BTreeSet<&str> =
        schemas.flat_map(|schema| schema.fields().iter().map(|field| field.name().as_str())).collect();
    let roles = &settings.roles;
    let needed = names.into_iter().filter(|name| {
        roles.is_monitored(name)
            || roles.timestamp.as_deref() == Some(name)
            || settings.segment_by.iter().any(|segment| segment == name)
    });
    Columns::Only(needed.map(str::to_owned).collect())
}

/// Of the columns of a plan, those that hold what is named; members of structs are dotted.
pub(crate) fn holding<'a>(plan: &Plan, names: impl Iterator<Item = &'a str>) -> Columns {
    let schemas = plan.sources.iter().filter_map(|source| source.schema.as_ref());
    let known: BTreeSet<&str> =
        schemas.flat_map(|schema| schema.fields().iter().map(|field| field.name().as_str())).collect();
    let mut needed = BTreeSet::new();
    for name in names {
        let ends = name.match_indices('.').map(|(at, _)| at).chain([name.len()]);
        needed
            .extend(ends.map(|end| &name[..end]).filter(|column| known.contains(column)).map(str::to_owned));
    }
    Columns::Only(needed.into_iter().collect())
}

/// Counters of a plan.
pub(crate) fn planned(plan: &Plan) -> Progress {
    let ready: Vec<_> = plan.sources.iter().filter(|s| matches!(s.status, PlanStatus::Ready)).collect();
    let tasks = || ready.iter().flat_map(|source| &source.tasks);
    Progress {
        listed: plan.sources.len() as u64 + plan.skipped,
        sources: ready.len() as u64,
        rows: tasks().map(|task| task.rows).sum(),
        bytes: tasks().map(|task| task.bytes).sum(),
        ..Progress::default()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, atomic::AtomicBool};

    use store::{Location, PlanOptions};

    use super::*;

    /// What a pass over three captures comes to, of which `work` is told the path.
    fn pass(work: impl Fn(&str) -> Result<(), Trouble> + Sync) -> Result<Vec<(String, Fault)>, Error> {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a", "b", "c"] {
            std::fs::write(folder.path().join(format!("{name}.csv")), "x\n1\n2\n").unwrap();
        }
        let (store, settings, stop) = (Store::new(1).unwrap(), Settings::default(), AtomicBool::new(false));
        let place = Location::parse(folder.path().to_str().unwrap(), folder.path()).unwrap();
        let plan = Arc::new(store.plan(&place, &PlanOptions::default(), &|_| ()).unwrap());
        let pass = Pass {
            store: &store,
            plan: &plan,
            settings: &settings,
            columns: Columns::All,
            pool: &threads(2).unwrap(),
            watch: Watch { progress: &|_| (), stop: &stop },
        };
        let faults = Mutex::new(Vec::new());
        let done = |at: usize, result: Result<Option<()>, Fault>, _: &mut Progress| {
            if let Err(fault) = result {
                let path = &plan.sources[at].source.path;
                faults.lock().unwrap().push((path.clone(), fault.of_data(path)?));
            }
            Ok(())
        };
        let work = |planned: &PlannedSource, _: Task| work(&planned.source.path);
        assert!(pass.run(work, |(), ()| (), &mut Progress::default(), done)?);
        Ok(faults.into_inner().unwrap())
    }

    #[test]
    fn a_bad_source_is_set_aside_and_a_defect_is_an_error() {
        assert_eq!(pass(|_| Ok(())).unwrap(), []);
        let bad = |path: &str| match path.ends_with("b.csv") {
            true => Err("not to be read".to_owned().into()),
            false => Ok(()),
        };
        let faults = pass(bad).unwrap();
        assert!(faults.len() == 1 && faults[0].0.ends_with("b.csv"), "{faults:?}");
        assert_eq!(faults[0].1, Fault::from("not to be read".to_owned()));
        let error = pass(|path| {
            assert!(!path.ends_with("b.csv"), "planted");
            Ok(())
        });
        let error = error.unwrap_err().to_string();
        assert!(error.ends_with("b.csv: driftscan failed on it; please report this"), "{error}");
    }
}
