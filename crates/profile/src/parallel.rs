//! Work on tasks in parallel, results in the order of the tasks.

use std::{
    collections::{BTreeMap, VecDeque},
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::mpsc,
};

use rayon::ThreadPool;

/// Runs `work` on a pool for each task and hands the results to `collect` in task order, on the calling
/// thread. `in_flight` says of a task how many may be taken and not collected yet while it is one of them, itself included,
/// which bounds memory; one goes on alone in any case. `collect` may end the run early.
pub fn in_order<T: Send, R: Send>(
    pool: &ThreadPool,
    mut tasks: impl Iterator<Item = T>,
    in_flight: impl Fn(&T) -> usize,
    work: impl Fn(T) -> R + Sync,
    mut collect: impl FnMut(R) -> ControlFlow<()>,
) {
    let (sender, receiver) = mpsc::channel();
    pool.in_place_scope(|scope| {
        let (mut taken, mut collected) = (0_usize, 0_usize);
        let mut waiting: BTreeMap<usize, R> = BTreeMap::new();
        // What the tasks that are in flight allow, and one that they do not.
        let mut limits: VecDeque<usize> = VecDeque::new();
        let (mut held_back, mut exhausted) = (None, false);
        let work = &work;
        loop {
            while !exhausted && limits.iter().all(|limit| limits.len() < *limit) {
                let Some(task) = held_back.take().or_else(|| tasks.next()) else {
                    exhausted = true;
                    break;
                };
                let limit = in_flight(&task).max(1);
                if limits.len() >= limit {
                    held_back = Some(task);
                    break;
                }
                limits.push_back(limit);
                let (sender, index) = (sender.clone(), taken);
                scope.spawn(move |_| {
                    // The receiver is gone only when the run has ended early.
                    let _ = sender.send((index, catch_unwind(AssertUnwindSafe(|| work(task)))));
                });
                taken += 1;
            }
            if collected == taken {
                return;
            }
            while !waiting.contains_key(&collected) {
                match receiver.recv() {
                    Ok((index, Ok(result))) => waiting.insert(index, result),
                    // A worker that is gone would be waited for for ever.
                    Ok((_, Err(panic))) => resume_unwind(panic),
                    Err(_) => return,
                };
            }
            while let Some(result) = waiting.remove(&collected) {
                collected += 1;
                limits.pop_front();
                if collect(result).is_break() {
                    return;
                }
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use std::{
        ops::ControlFlow,
        sync::atomic::{AtomicUsize, Ordering},
    };

    #[test]
    fn results_come_in_task_order_and_may_stop() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        let mut seen = Vec::new();
        super::in_order(
            &pool,
            0..100_u64,
            |_| 8,
            |task| {
                std::thread::sleep(std::time::Duration::from_micros((task * 7919) % 300));
                task
            },
            |result| {
                seen.push(result);
                if result == 60 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        );
        assert_eq!(seen, (0..=60).collect::<Vec<_>>());
    }

    #[test]
    fn a_large_task_goes_alone() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
        let (at_work, mut seen) = (AtomicUsize::new(0), 0);
        super::in_order(
            &pool,
            0..100_usize,
            |task| if task % 10 == 0 { 1 } else { 4 },
            |task| {
                let before = at_work.fetch_add(1, Ordering::SeqCst);
                std::thread::sleep(std::time::Duration::from_millis(1));
                (task, before + at_work.fetch_sub(1, Ordering::SeqCst))
            },
            |(task, others)| {
                assert!(if task % 10 == 0 { others == 1 } else { others <= 3 + 4 }, "{task}: {others}");
                seen += 1;
                ControlFlow::Continue(())
            },
        );
        assert_eq!(seen, 100);
    }

    #[test]
    fn a_panic_of_the_work_is_one_of_the_caller() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            super::in_order(&pool, 0..20, |_| 4, |task| assert_ne!(task, 7), |()| ControlFlow::Continue(()));
        }));
        assert!(ran.is_err());
    }
}
