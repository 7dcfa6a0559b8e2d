//! Reading and writing through a store that fails: the same bytes, or an error that says where, and never fewer rows.

use crate::faults::{Fault, Proxy, Rule};
use crate::sandbox::{HOUR, START, Sandbox, batch, batches, parquet_grouped, timed};
use crate::server::{Server, asked};
use arrow_array::RecordBatch;
use arrow_select::concat::concat_batches;
use parquet::basic::Compression;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use store::{Columns, Error, PlanStatus};

const FOLDERS: usize = 20;
const OBJECTS: usize = 10;
/// Runs through one proxy.
const RUNS: usize = 10;
/// Faults that pass, so that nothing of them may be seen.
const PASSING: &[Fault] =
    &[Fault::InternalError, Fault::SlowDown, Fault::Hang, Fault::Lost, Fault::Cut, Fault::Short];
/// Long enough for the server, and short enough for requests that hang.
const PATIENCE: (&str, &str) = ("AWS_TIMEOUT", "1s");

/// The rows of an object; every fourth is written again, after its folder was listed.
fn rows(folder: usize, object: usize, is_rewritten: bool) -> RecordBatch {
    let index = folder * OBJECTS + object;
    let years = if is_rewritten { 9_000 } else { 0 };
    batch(START + (index as i64 + years) * HOUR, 30 + index % 7)
}

fn is_rewritten(object: usize) -> bool {
    object.is_multiple_of(4)
}

fn folder(index: usize) -> String {
    format!("s3://bucket/in/f{index:02}")
}

/// Five proxies with faults that pass and five with others too, from 1 to 30 % of requests, and ten runs through each.
#[test]
fn runs_through_faults_read_the_same_or_say_where_they_failed() {
    let Some(server) = Server::moto() else { return };
    server.run("survival::write_all", &[("REWRITTEN", "0")]);
    let rates = [0.01, 0.03, 0.1, 0.2, 0.3];
    let rules = [PASSING, Fault::USUAL].into_iter().flat_map(|faults| {
        rates.map(move |rate| Rule { rate, seed: (rate * 100.0) as u64, faults, only: "" })
    });
    let calm = |rule: Rule| (Proxy::with(&server.address, Rule { rate: 0.0, ..rule.clone() }), rule);
    let proxies: Vec<_> = rules.map(calm).collect();
    for (proxy, _) in &proxies {
        server.run_through(&proxy.address, "survival::list_all", &[]);
    }
    server.run("survival::write_all", &[("REWRITTEN", "1")]);
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some((proxy, rule)) = proxies.get(next.fetch_add(1, Ordering::Relaxed)) {
            proxy.obey(rule.clone());
            let may_fail = if rule.faults == PASSING { "0" } else { "1" };
            server.run_through(&proxy.address, "survival::read_some", &[PATIENCE, ("MAY_FAIL", may_fail)]);
            println!("{:3.0} % of requests: {:?}", rule.rate * 100.0, proxy.counts());
        }
    };
    std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(work))));
    let met = |fault| proxies.iter().any(|(proxy, _)| proxy.counts().contains_key(&fault));
    assert!(Fault::USUAL.iter().all(|fault| met(*fault)), "each fault happened");
}

/// The child that writes every object, or those again that change after they were listed.
#[test]
fn write_all() {
    if asked().is_none() {
        return;
    }
    let again = std::env::var("REWRITTEN").unwrap() == "1";
    let sandbox = Sandbox::new();
    for index in 0..FOLDERS {
        for object in (0..OBJECTS).filter(|object| !again || is_rewritten(*object)) {
            let place = sandbox.location(&format!("{}/{object}.parquet", folder(index)));
            let content = parquet_grouped(&rows(index, object, again), 20, Compression::SNAPPY);
            sandbox.store.write(&place, content).unwrap();
        }
    }
}

/// The child that lets a proxy see every listing.
#[test]
fn list_all() {
    if asked().is_none() {
        return;
    }
    let sandbox = Sandbox::new();
    for index in 0..FOLDERS {
        assert_eq!(sandbox.plan(&folder(index)).unwrap().sources.len(), OBJECTS);
    }
}

/// The child that plans and scans some folders through a proxy.
#[test]
fn read_some() {
    if asked().is_none() {
        return;
    }
    let may_fail = std::env::var("MAY_FAIL").unwrap() == "1";
    let (mut same, mut failed) = (0, 0);
    for run in 0..RUNS {
        let sandbox = Sandbox::new();
        let index = run * 7 % FOLDERS;
        let plan = match sandbox.store.plan(&sandbox.location(&folder(index)), &timed(None), &|_| {}) {
            Ok(plan) => Arc::new(plan),
            Err(error) => {
                assert!(may_fail && error.chain().contains(&folder(index)), "{error:?}");
                failed += OBJECTS;
                continue;
            }
        };
        assert_eq!(plan.sources.len(), OBJECTS, "none is missing");
        let mut found: Vec<Result<Vec<RecordBatch>, Error>> =
            plan.sources.iter().map(|_| Ok(vec![])).collect();
        let mut tasks = 0;
        for task in sandbox.store.scan(&plan, Columns::All, 1 << 20) {
            tasks += 1;
            let read: Result<Vec<_>, _> = batches(&task).into_iter().collect();
            match (read, &mut found[task.source]) {
                (Ok(read), Ok(rows)) => rows.extend(read),
                (Err(error), rows) => *rows = Err(error),
                (Ok(_), Err(_)) => {}
            }
        }
        assert_eq!(tasks, plan.tasks().count());
        for (planned, found) in plan.sources.iter().zip(found) {
            let path = &planned.source.path;
            let reason = match (&planned.status, found) {
                (PlanStatus::Ready, Ok(found)) => {
                    let name = path.rsplit('/').next().unwrap();
                    let object = name.strip_suffix(".parquet").unwrap().parse().unwrap();
                    let expected = rows(index, object, is_rewritten(object));
                    assert_eq!(concat_batches(&expected.schema(), &found).unwrap(), expected, "{path}");
                    same += 1;
                    continue;
                }
                (PlanStatus::Ready, Err(error)) => error.chain(),
                (PlanStatus::Quarantined(reason), _) => reason.clone(),
                (PlanStatus::OutsideRange(reason), _) => panic!("{reason}"),
            };
            assert!(may_fail && reason.contains(path.as_str()), "{path}: {reason}");
            assert!(reason.contains("changed since it was listed"), "{reason}");
            failed += 1;
        }
    }
    println!("{same} objects the same, {failed} failed");
}

#[test]
fn what_is_written_through_faults_is_there() {
    let Some(server) = Server::moto() else { return };
    let proxy = Proxy::with(&server.address, Rule { rate: 0.2, seed: 7, faults: PASSING, only: "" });
    server.run_through(&proxy.address, "survival::write_and_lease", &[PATIENCE]);
    assert!(proxy.counts().values().sum::<u64>() > 10, "{:?}", proxy.counts());
}

/// The child that writes documents, reads them, and takes a lease and gives it back.
#[test]
fn write_and_lease() {
    if asked().is_none() {
        return;
    }
    let sandbox = Sandbox::new();
    let folder = sandbox.location("s3://bucket/results");
    for index in 0..20 {
        let lease = sandbox.store.lease(&folder, "a test").unwrap();
        let place = folder.join(&format!("{index}.json")).unwrap();
        let content = format!("document {index} ").repeat(1_000);
        sandbox.store.write(&place, content.clone().into_bytes()).unwrap();
        assert!(sandbox.store.read(&place).unwrap().unwrap() == content);
        assert!(lease.is_held());
        lease.release();
        assert_eq!(sandbox.store.list_folder(&folder).unwrap().len(), index + 1, "the lease is gone");
    }
}

/// More than is put in one request: in parts, and all of it or nothing.
#[test]
fn large_objects_are_there_whole_or_not_at_all() {
    let Some(server) = Server::moto() else { return };
    let proxy = Proxy::start(&server.address, 0.0, 0);
    let denied = |only| Rule { rate: 1.0, seed: 0, faults: &[Fault::Denied], only };
    let write =
        |outcome| server.run_through(&proxy.address, "survival::write_large", &[("OUTCOME", outcome)]);
    write("old");
    for step in ["partNumber=3", "POST /bucket/large?uploadId"] {
        proxy.obey(denied(step));
        write("old, for the new one is refused");
        let uploads = String::from_utf8(server.ask("GET", "/bucket?uploads", b"")).unwrap();
        assert!(uploads.contains("ListMultipartUploadsResult") && !uploads.contains("<Upload>"), "{uploads}");
    }
    assert_eq!(proxy.counts().into_keys().collect::<Vec<_>>(), [Fault::Denied]);
    proxy.obey(Rule { rate: 0.3, seed: 5, faults: &[Fault::InternalError, Fault::SlowDown], only: "PUT" });
    // The names of uploads are new each time, and so is what they meet.
    while proxy.counts().len() == 1 {
        write("new");
    }
}

/// The child that writes an object of several parts in place of an old one.
#[test]
fn write_large() {
    if asked().is_none() {
        return;
    }
    let sandbox = Sandbox::new();
    let place = sandbox.location("s3://bucket/large");
    let new: Vec<u8> = (0..6_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let (before, expected) = match std::env::var("OUTCOME").unwrap().as_str() {
        "new" => (sandbox.store.write(&place, new.clone()), new),
        "old" => (sandbox.store.write(&place, b"old".to_vec()), b"old".to_vec()),
        _ => (sandbox.store.write(&place, new), b"old".to_vec()),
    };
    let is_refused = std::env::var("OUTCOME").unwrap().ends_with("refused");
    assert_eq!(matches!(&before, Err(Error::Denied { path, .. }) if path == "s3://bucket/large"), is_refused);
    assert!(before.is_ok() || is_refused, "{before:?}");
    assert!(sandbox.store.read(&place).unwrap().unwrap() == expected);
}
