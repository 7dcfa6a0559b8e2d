//! The same calls against servers of S3, Azure and Google Cloud Storage, where their programs can be started.

use crate::lease::race;
use crate::sandbox::{START, Sandbox, batch, count, parquet_grouped, ready, timed};
use crate::server::{Server, asked};
use parquet::basic::Compression;
use store::{Columns, Error, Location, Store};

#[test]
fn captures_and_results_on_moto() {
    let Some(server) = Server::moto() else { return };
    server.run("cloud::on_the_server", &[]);
}

#[test]
fn captures_and_results_on_s3s() {
    let Some(server) = Server::s3s() else { return };
    server.run("cloud::on_the_server", &[]);
}

#[test]
fn captures_and_results_on_azurite() {
    let Some(server) = Server::azurite() else { return };
    server.run("cloud::on_the_server", &[]);
}

#[test]
fn captures_and_results_on_google() {
    let Some(server) = Server::google() else { return };
    server.run("cloud::on_the_server", &[]);
}

#[test]
fn one_of_many_leases_on_google() {
    let Some(server) = Server::google() else { return };
    server.run("cloud::leases_on_the_server", &[("ROUNDS", "20")]);
}

#[test]
fn one_of_many_leases_on_moto() {
    let Some(server) = Server::moto() else { return };
    server.run("cloud::leases_on_the_server", &[("ROUNDS", "20")]);
    let without = [("ROUNDS", "3"), ("AWS_CONDITIONAL_PUT", "disabled")];
    server.run("cloud::leases_on_the_server", &without);
}

#[test]
fn one_of_many_leases_on_azurite() {
    let Some(server) = Server::azurite() else { return };
    server.run("cloud::leases_on_the_server", &[("ROUNDS", "20")]);
}

/// The child of those above, with and without conditional puts.
#[test]
fn leases_on_the_server() {
    let Some(bucket) = asked() else { return };
    let rounds = std::env::var("ROUNDS").unwrap().parse().unwrap();
    let stores = std::array::from_fn(|_| Store::new(1).unwrap());
    race(&stores, &Location::parse(&format!("{bucket}/results"), ".".as_ref()).unwrap(), rounds);
}

/// The child of those above that gives it the address of its server.
#[test]
fn on_the_server() {
    let Some(bucket) = asked() else { return };
    let sandbox = Sandbox::new();
    let root = sandbox.location(&format!("{bucket}/in"));
    let file = parquet_grouped(&batch(START, 20), 10, Compression::SNAPPY);
    let tiny = parquet_grouped(&batch(START, 2), 10, Compression::SNAPPY);
    std::thread::scope(|scope| {
        for part in 0..8 {
            let (root, store, tiny) = (&root, &sandbox.store, &tiny);
            scope.spawn(move || {
                for i in (part..1_100).step_by(8) {
                    store.write(&root.join(&format!("many/{i:04}.parquet")).unwrap(), tiny.clone()).unwrap();
                }
            });
        }
    });
    let plan = sandbox.plan(&format!("{bucket}/in/many")).unwrap();
    assert_eq!(ready(&plan).len(), 1_100, "more than one page of the listing");
    assert_eq!(count(&sandbox.rows(plan, Columns::All)), 2_200);

    for name in ["odd/day=1/a b%ü.parquet", "odd/day=2/c+d=e.parquet"] {
        sandbox.store.write(&root.join(name).unwrap(), file.clone()).unwrap();
    }
    let plan = sandbox.plan(&format!("{bucket}/in/odd/*/*.parquet")).unwrap();
    assert_eq!(
        ready(&plan),
        ["day=1/a b%ü.parquet", "day=2/c+d=e.parquet"].map(|name| format!("{bucket}/in/odd/{name}"))
    );
    // A listing of s3s-fs has none.
    assert!(plan.sources[0].source.etag.as_deref().is_none_or(|etag| !etag.contains('"')));
    assert_eq!(count(&sandbox.rows(plan, Columns::Only(vec!["x".into(), "day".into()]))), 40);
    let one = &*format!("{bucket}/in/odd/day=1/a b%ü.parquet");
    assert_eq!(ready(&sandbox.plan(one).unwrap()), [one]);

    let plan = std::sync::Arc::new(sandbox.plan(one).unwrap());
    sandbox.store.write(&sandbox.location(one), tiny).unwrap();
    let error =
        sandbox.store.scan(&plan, Columns::All, 1 << 20).next().unwrap().batches(None).next().unwrap();
    assert!(matches!(error, Err(Error::Changed { .. })), "{error:?}");

    let table = sandbox.location(&format!("{bucket}/results/scores"));
    for date in ["2013-01-02", "2013-01-01"] {
        let part = table.join(&format!("window_date={date}/part.parquet")).unwrap();
        sandbox.store.write_table(&part, &[batch(START, 5)]).unwrap();
    }
    assert_eq!(sandbox.store.read_table(&table, &|date| date > "2013-01-01").unwrap().len(), 1);
    assert_eq!(
        sandbox.store.list_folder(&table).unwrap(),
        ["window_date=2013-01-01", "window_date=2013-01-02"]
    );
    let large: Vec<u8> = (0..20_u32 << 20).map(|i| (i / 251) as u8).collect();
    let place = root.join("large, put in parts").unwrap();
    sandbox.store.write(&place, large.clone()).unwrap();
    assert!(sandbox.store.read(&place).unwrap().is_some_and(|read| read == large));
    assert_eq!(sandbox.store.read(&table.join("none").unwrap()).unwrap(), None);

    let missing =
        sandbox.store.plan(&sandbox.location(&format!("{bucket}/inn")), &timed(None), &|_| {}).unwrap_err();
    assert!(missing.to_string().contains("did you mean `in`?"), "{missing}");
    let absent = bucket.replace("bucket", "absent") + "/x";
    let error = sandbox.store.plan(&sandbox.location(&absent), &timed(None), &|_| {}).unwrap_err();
    assert_eq!(error.to_string(), format!("nothing found at `{absent}`: there is no such bucket"));
}
