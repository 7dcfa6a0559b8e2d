//! Backfills through a proxy that makes S3 fail: the same tables, or an error that says where, and the next run mends it.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use crate::{
    buckets::{Bucket, difference, tables},
    captures::BACKFILL,
    faults::{Fault, Proxy, Rule},
    sandbox::{Ran, holds},
    servers::Server,
};

/// Runs through faults, each into results of its own.
const RUNS: u64 = 100;
/// Runs at once.
const WORKERS: usize = 4;
/// Shares of requests that meet a fault.
const RATES: [f64; 5] = [0.01, 0.03, 0.1, 0.2, 0.3];

fn line(results: &str) -> String {
    format!("{BACKFILL} -q").replace("--out results", &format!("--out {results}"))
}

fn run(bucket: &Bucket<'_>, address: &str, results: &str) -> Ran {
    let output = bucket.command(address, &line(results)).env("AWS_TIMEOUT", "1s").output().unwrap();
    output.into()
}

/// A run without faults; a lease that a run before it could not give back is waited for.
fn mend(bucket: &Bucket<'_>, results: &str) -> (Ran, bool) {
    let mut waits = 0;
    loop {
        let output = bucket.command(&bucket.server.address, &line(results)).output().unwrap();
        let ran = Ran::from(output);
        if ran.code != 3 || !ran.stderr.contains("is held by") || waits == 30 {
            return (ran, waits > 0);
        }
        waits += 1;
        thread::sleep(Duration::from_secs(2));
    }
}

#[test]
fn backfills_through_faults_write_the_same_or_say_where_they_failed() {
    let Some(server) = Server::moto() else { return };
    let bucket = Bucket::with_captures(&server, 5);
    for (name, content) in bucket.sandbox.files("baseline") {
        server.put(&format!("baseline/{name}"), &content);
    }
    assert_eq!(mend(&bucket, "results").0.code, 0);
    let expected = tables(bucket.objects("results"));
    assert!(expected.len() > 5, "too few tables to tell");
    let (next, failed, faults) = (AtomicU64::new(0), Mutex::new(Vec::new()), AtomicU64::new(0));
    let codes = Mutex::new(BTreeMap::<i32, u32>::new());
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= RUNS {
                return;
            }
            let (rate, results) = (RATES[seed as usize % RATES.len()], format!("results-{seed:03}"));
            let proxy = Proxy::start(&server.address, rate, seed);
            let ran = run(&bucket, &proxy.address, &results);
            faults.fetch_add(proxy.counts().values().sum(), Ordering::Relaxed);
            *codes.lock().unwrap().entry(ran.code).or_default() += 1;
            assert!(!ran.stderr.contains("panicked"), "seed {seed}: {ran:#?}");
            match ran.code {
                0 => {
                    assert_eq!(difference(&tables(bucket.objects(&results)), &expected), None, "seed {seed}")
                }
                3 | 4 => {
                    // What is set aside is in the table of sources, with its reason.
                    if ran.code == 4 {
                        let aside = format!("sources {results} --status quarantined");
                        let listed = bucket.expect(0, &aside).stdout;
                        holds(&listed, &["set aside, by reason", "s3://bucket/captures/"]);
                    } else {
                        holds(&ran.stderr, &["s3://bucket/"]);
                    }
                    failed.lock().unwrap().push((seed, results, ran));
                }
                _ => panic!("seed {seed}: {ran:#?}"),
            }
        }
    };
    on_all_workers(work);
    println!("{RUNS} runs met {faults:?} faults: {:?}", codes.lock().unwrap());
    let waited = AtomicU64::new(0);
    on_all_workers(|| {
        loop {
            let Some((seed, results, before)) = failed.lock().unwrap().pop() else { return };
            let (ran, has_waited) = mend(&bucket, &results);
            waited.fetch_add(u64::from(has_waited), Ordering::Relaxed);
            assert_eq!(ran.code, 0, "seed {seed}: {ran:#?} after {before:#?}");
            let found = tables(bucket.objects(&results));
            assert_eq!(difference(&found, &expected), None, "seed {seed} after {before:#?}");
        }
    });
    println!("all others ended with the same tables when run again, {waited:?} after a lease");
}

fn on_all_workers(work: impl Fn() + Sync) {
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(&work);
        }
    });
}

#[test]
fn what_may_not_be_written_is_named() {
    let Some(server) = Server::moto() else { return };
    let bucket = Bucket::with_captures(&server, 2);
    for (name, content) in bucket.sandbox.files("baseline") {
        server.put(&format!("baseline/{name}"), &content);
    }
    let rule = Rule { rate: 1.0, seed: 0, faults: &[Fault::Denied], only: "PUT /bucket/results/scores" };
    let proxy = Proxy::with(&server.address, Rule { rate: 0.0, ..rule });
    proxy.obey(rule);
    let ran = run(&bucket, &proxy.address, "results");
    assert_eq!(ran.code, 3, "{ran:#?}");
    holds(&ran.error(), &["s3://bucket/results/scores/"]);
    assert!(proxy.counts().keys().all(|fault| *fault == Fault::Denied));
    let (ran, _) = mend(&bucket, "results");
    assert_eq!(ran.code, 0, "{ran:#?}");
}
