//! Leases that others take away, that were left behind, and that nobody can tell from nonsense.

use super::object::{Claim, Slot};
use super::record::Record;
use crate::remote::Objects;
use crate::traffic::Meter;
use crate::{Error, Location, Store};
use jiff::Timestamp;
use object_store::memory::InMemory;
use std::process::Command;

fn folder() -> Location {
    Location::parse("memory:///results", ".".as_ref()).unwrap()
}

/// Puts a record where the lease is, as another process or machine would.
fn plant(store: &Store, record: &Record) {
    store.write(&folder().join(".lease").unwrap(), record.encode()).unwrap();
}

fn record(store: &Store) -> Record {
    Record::decode(&store.read(&folder().join(".lease").unwrap()).unwrap().unwrap()).unwrap()
}

/// The number of a process that has ended.
fn dead() -> u32 {
    let mut child = Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    child.id()
}

#[test]
fn what_was_left_behind_is_taken_over_when_it_is_over() {
    let elsewhere = Record { machine: None, pid: dead(), ..Record::new("other").renewed() };
    let expired = Record { expires: Timestamp::UNIX_EPOCH, ..elsewhere.clone() };
    let killed = Record { pid: dead(), ..Record::new("other").renewed() };
    let alive = Record::new("other").renewed();
    for (left, is_over) in [(elsewhere, false), (expired, true), (killed, true), (alive, false)] {
        let store = Store::new(1).unwrap();
        plant(&store, &left);
        match store.lease(&folder(), "me") {
            Ok(lease) => {
                assert!(is_over && lease.is_held());
                assert_eq!(record(&store).owner, "me");
            }
            Err(error) => {
                assert!(!is_over, "{error}");
                let expected = format!(
                    "`memory:///results` is held by other (process {} on {}) until {}: wait for it, or write to another folder",
                    left.pid, left.host, left.expires
                );
                assert_eq!(error.to_string(), expected);
                assert_eq!(record(&store), left, "it is left alone");
            }
        }
    }
}

#[test]
fn an_object_that_is_no_lease_is_left_alone() {
    let store = Store::new(1).unwrap();
    store.write(&folder().join(".lease").unwrap(), b"mine".to_vec()).unwrap();
    assert!(matches!(store.lease(&folder(), "me"), Err(Error::Corrupt { .. })));
    assert_eq!(store.read(&folder().join(".lease").unwrap()).unwrap().unwrap(), "mine");
}

#[test]
fn a_lease_that_others_took_is_lost_and_stays_theirs() {
    let store = Store::new(1).unwrap();
    let lease = store.lease(&folder(), "me").unwrap();
    let theirs = Record { machine: None, ..Record::new("them").renewed() };
    plant(&store, &theirs);
    drop(lease);
    assert_eq!(record(&store), theirs);
}

#[test]
fn a_renewal_tells_whether_it_is_still_ours() {
    let store = Store::new(1).unwrap();
    store.runtime.block_on(async {
        let objects = Objects::in_memory(InMemory::new(), Meter::default());
        let slot = Slot { objects: objects.clone(), key: ".lease".into(), shown: "x".into() };
        let mine = Record::new("me");
        let claim = Claim::take(slot.clone(), mine.clone()).await.unwrap();
        assert!(claim.renew().await.unwrap() && claim.renew().await.unwrap());

        let unanswered = Record { expires: Timestamp::UNIX_EPOCH, ..mine };
        objects.write(".lease", "x", unanswered.encode()).await.unwrap();
        assert!(claim.renew().await.unwrap(), "the put of a renewal whose answer was lost");
        assert!(claim.renew().await.unwrap());

        objects.write(".lease", "x", Record::new("them").renewed().encode()).await.unwrap();
        assert!(!claim.renew().await.unwrap() && claim.is_lost());

        objects.delete(".lease", "x").await.unwrap();
        let claim = Claim::take(slot, Record::new("me")).await.unwrap();
        objects.delete(".lease", "x").await.unwrap();
        assert!(!claim.renew().await.unwrap() && claim.is_lost(), "it is not made again");
    });
}

#[test]
fn a_lease_is_renewed_while_it_is_held() {
    let store = Store::new(1).unwrap();
    let lease = store.lease(&folder(), "me").unwrap();
    let taken = record(&store);
    std::thread::sleep(std::time::Duration::from_millis(10_500));
    let renewed = record(&store);
    assert!(renewed.expires > taken.expires && lease.is_held());
    assert_eq!(renewed, Record { expires: renewed.expires, ..taken });
}
