//! Work on tasks in parallel, results in the order of the tasks.

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::mpsc,
};

use rayon::ThreadPool;

/// Runs `work` on a pool for each task and hands the results to `collect` in task order, on the calling
/// thread. At most `in_flight` tasks are taken from the iterator before the first of them is collected, which
/// bounds memory. `collect` may end the run early.
pub fn in_order<T: Send, R: Send>(
    pool: &ThreadPool,
    mut tasks: impl Iterator<Item = T>,
    in_flight: usize,
    work: impl Fn(T) -> R + Sync,
    mut collect: impl FnMut(R) -> ControlFlow<()>,
) {
    let (sender, receiver) = mpsc::channel();
    pool.in_place_scope(|scope| {
        let (mut taken, mut collected) = (0_usize, 0_usize);
        let mut waiting: BTreeMap<usize, R> = BTreeMap::new();
        let mut exhausted = false;
        let work = &work;
        loop {
            while !exhausted && taken - collected < in_flight.max(1) {
                match tasks.next() {
                    None => exhausted = true,
                    Some(task) => {
                        let (sender, index) = (sender.clone(), taken);
                        scope.spawn(move |_| {
                            // The receiver is gone only when the run has ended early.
                            let _ = sender.send((index, catch_unwind(AssertUnwindSafe(|| work(task)))));
                        });
                        taken += 1;
                    }
                }
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
                if collect(result).is_break() {
                    return;
                }
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    #[test]
    fn results_come_in_task_order_and_may_stop() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        let mut seen = Vec::new();
        super::in_order(
            &pool,
            0..100_u64,
            8,
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
}
