//! Workers that share a list of tasks.
//!
//! Not here: what a task is (`runner`, `walk_forward`). They are threads of our own: a rayon worker that waits for
//! polars' pool takes up other tasks meanwhile, inside the first one, and would wait for data that it is about to
//! read itself.
//! Invariant: what comes back is in the order of the tasks, whoever did them.
use std::io;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Does `task` for every number below `tasks`, on so many `threads`; 0: one a core.
///
/// Errors: the first one, by number of the task; a worker stops at its error, the others go on to theirs or to the end.
pub(super) fn side_by_side<T: Send>(
    threads: usize,
    tasks: usize,
    task: impl Fn(usize) -> io::Result<T> + Sync,
) -> io::Result<Vec<T>> {
    let cores = || thread::available_parallelism().map_or(1, |cores| cores.get());
    let threads = if threads == 0 { cores() } else { threads };
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= tasks {
                return done;
            }
            let result = task(number);
            let failed = result.is_err();
            done.push((number, result));
            if failed {
                return done;
            }
        }
    };
    let mut done: Vec<(usize, io::Result<T>)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.min(tasks)).map(|_| scope.spawn(work)).collect();
        // Every worker is waited for, so that what they had begun is on disk.
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    done.sort_unstable_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_tasks() {
        for threads in [0, 1, 2, 7] {
            let squares = side_by_side(threads, 50, |number| Ok(number * number)).expect("no errors");
            assert_eq!(squares, (0..50).map(|number| number * number).collect::<Vec<_>>());
        }
        assert_eq!(side_by_side(2, 0, |_| Ok(())).expect("no tasks").len(), 0);
    }

    #[test]
    fn an_error_is_the_answer() {
        let task = |number: usize| if number == 3 { Err(io::Error::other("three")) } else { Ok(number) };
        for threads in [1, 2] {
            assert_eq!(side_by_side(threads, 9, task).expect_err("a task failed").to_string(), "three");
        }
    }
}
