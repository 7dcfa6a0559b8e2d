//! One writer at a time: of many takers one wins, and what a killed one leaves stops nobody.

use crate::sandbox::{Sandbox, child};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Barrier;
use store::{Error, Lease, Location, Store};

/// Eight stores that ask for the same folder at the same time, so many times: one has it, the others hear of that.
pub(crate) fn race(stores: &[Store; 8], folder: &Location, rounds: usize) {
    for round in 0..rounds {
        let start = Barrier::new(stores.len());
        let outcomes: Vec<Result<Lease, Error>> = std::thread::scope(|scope| {
            let take = |(index, store): (usize, &Store)| {
                start.wait();
                store.lease(folder, &format!("taker {index}"))
            };
            let takers: Vec<_> =
                stores.iter().enumerate().map(|taker| scope.spawn(move || take(taker))).collect();
            takers.into_iter().map(|taker| taker.join().unwrap()).collect()
        });
        let held = outcomes.iter().filter(|outcome| outcome.as_ref().is_ok_and(Lease::is_held)).count();
        let told = outcomes.iter().filter(|outcome| matches!(outcome, Err(Error::Held { .. }))).count();
        assert_eq!((held, told), (1, 7), "round {round}: {outcomes:?}");
        drop(outcomes);
        let names = stores[0].list_folder(folder).unwrap();
        assert_eq!(names, [] as [&str; 0], "round {round}: nothing is left");
    }
}

#[test]
fn one_of_many_wins_in_memory() {
    let store = Store::new(2).unwrap();
    let stores = std::array::from_fn(|_| store.clone());
    race(&stores, &Location::parse("memory:///results", Path::new(".")).unwrap(), 20);
}

#[test]
fn one_of_many_wins_on_a_disk() {
    let sandbox = Sandbox::new();
    let stores = std::array::from_fn(|_| Store::new(1).unwrap());
    race(&stores, &sandbox.location("new/results"), 20);
}

#[test]
fn takers_that_come_and_go_never_hold_a_folder_together() {
    let sandbox = Sandbox::new();
    let (folder, inside) = (sandbox.location("results"), std::sync::atomic::AtomicUsize::new(0));
    std::thread::scope(|scope| {
        // Each goes on until its turn has come so often, however the threads are scheduled.
        let come_and_go = || {
            let mut taken = 0;
            while taken < 125 {
                let lease = match sandbox.store.lease(&folder, "one of four") {
                    Ok(lease) => lease,
                    Err(Error::Held { .. }) => continue,
                    Err(error) => panic!("{error}"),
                };
                assert_eq!(inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0);
                assert!(lease.is_held());
                inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                lease.release();
                taken += 1;
            }
        };
        let takers: Vec<_> = (0..4).map(|_| scope.spawn(come_and_go)).collect();
        takers.into_iter().for_each(|taker| taker.join().unwrap());
    });
}

/// A process that holds the folder until it is killed.
fn holder(folder: &Path) -> Child {
    let mut child = child("lease::hold");
    let mut child = child.env("STORE_TEST_LEASE", folder).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.contains("holding")), "it ended before it held");
    child
}

#[test]
fn a_killed_process_stops_nobody() {
    let sandbox = Sandbox::new();
    let folder = sandbox.location("results");
    let mut holder = holder(&sandbox.path("results"));
    let error = sandbox.store.lease(&folder, "me").unwrap_err();
    let expected = format!("is held by a child (process {} on ", holder.id());
    assert!(error.to_string().contains(&expected), "{error}");
    assert!(
        error.to_string().ends_with(" until it ends: wait for it, or write to another folder"),
        "{error}"
    );
    holder.kill().unwrap();
    holder.wait().unwrap();
    assert!(sandbox.path("results/.lease").exists(), "what a killed process leaves");
    let lease = sandbox.store.lease(&folder, "me").unwrap();
    assert!(lease.is_held());
    assert!(matches!(sandbox.store.lease(&folder, "me again"), Err(Error::Held { .. })));
    std::fs::remove_file(sandbox.path("results/.lease")).unwrap();
    assert!(!lease.is_held(), "the next one would find no lock");
    lease.release();
    sandbox.store.lease(&folder, "me").unwrap().release();
    assert!(!sandbox.path("results/.lease").exists());
}

/// The child of [`a_killed_process_stops_nobody`]; alone it has nothing to do.
#[test]
fn hold() {
    let Some(folder) = std::env::var_os("STORE_TEST_LEASE") else { return };
    let sandbox = Sandbox::new();
    let _lease = sandbox.store.lease(&sandbox.location(folder.to_str().unwrap()), "a child").unwrap();
    println!("holding");
    std::thread::park();
}
