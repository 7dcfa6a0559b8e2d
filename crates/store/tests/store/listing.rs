//! What counts as a capture, and what is said when nothing does.

use crate::sandbox::START;
use crate::sandbox::{Sandbox, batch, child, is_root, parquet, quarantine, ready};
use std::os::unix::fs::symlink;
use store::{Columns, Error, Format, PlanProgress};

#[test]
fn bookkeeping_is_ignored_and_unknown_files_are_counted() {
    let sandbox = Sandbox::new();
    let file = parquet(&batch(START, 3));
    for name in ["a.parquet", "deep/er/B.PARQUET", "c.pq", "_part=1/d.parquet"] {
        sandbox.put(&format!("in/{name}"), &file);
    }
    for name in ["_SUCCESS", ".a.parquet.crc", "_temporary/x.parquet", ".hidden/x.parquet"] {
        sandbox.put(&format!("in/{name}"), b"junk");
    }
    sandbox.put("in/notes.txt", b"?");
    sandbox.put("in/noextension", b"?");
    let last = std::cell::Cell::new(PlanProgress::default());
    let options = crate::sandbox::timed(None);
    let plan = sandbox.store.plan(&sandbox.location("in"), &options, &|progress| last.set(progress)).unwrap();
    assert_eq!(ready(&plan), ["in/_part=1/d.parquet", "in/a.parquet", "in/c.pq", "in/deep/er/B.PARQUET"]);
    assert_eq!(plan.skipped, 2);
    assert_eq!(last.get(), PlanProgress { listed: 6, skipped: 2, captures: 4, inspected: 4 });
}

#[test]
fn one_file_a_folder_a_glob() {
    let sandbox = Sandbox::new();
    let file = parquet(&batch(START, 3));
    for month in ["01", "02", "10"] {
        sandbox.put(&format!("ep/year=2026/month={month}/part.parquet"), &file);
    }
    sandbox.put("ep/plain", &file);
    let paths = |text: &str| ready(&sandbox.plan(text).unwrap());
    assert_eq!(paths("ep/year=2026/month=02/part.parquet"), ["ep/year=2026/month=02/part.parquet"]);
    assert_eq!(
        paths("ep/plain"),
        ["ep/plain"],
        "a file that is named outright is read whatever it is called"
    );
    assert_eq!(paths("ep").len(), 3);
    assert_eq!(paths("ep/").len(), 3);
    assert_eq!(paths("ep/year=2026/month=0[1-6]").len(), 2);
    assert_eq!(paths("ep/year=2026/month=0[1-6]/**/*.parquet").len(), 2);
    assert_eq!(paths("ep/*/month={01,10}/*.parquet").len(), 2);
    assert_eq!(paths("ep/*/month=1?/**").len(), 1);
    assert_eq!(paths("ep/**/part.*").len(), 3);
    let absolute = format!("{}/ep/**/month=10/*", sandbox.folder.path().display());
    assert_eq!(
        paths(&absolute),
        [format!("{}/ep/year=2026/month=10/part.parquet", sandbox.folder.path().display())]
    );

    let plan = sandbox.plan("ep/year=2026/month=1*/*").unwrap();
    let partitions = vec![("year".to_owned(), "2026".to_owned()), ("month".to_owned(), "10".to_owned())];
    assert_eq!(plan.sources[0].source.partitions, partitions, "folders before the wildcard are columns too");
    assert_eq!(plan.sources[0].source.format, Format::Parquet);
    let below = sandbox.plan("ep/year=2026").unwrap();
    assert_eq!(below.sources[0].source.partitions.len(), 1, "a folder's own name is not below it");
}

#[test]
fn strange_names_are_read() {
    let sandbox = Sandbox::new();
    let file = parquet(&batch(START, 3));
    let names = [
        "a b.parquet",
        "ü/日本.parquet",
        "50%.parquet",
        "%41.parquet",
        "it's \"q\".parquet",
        "x#1.parquet",
        "[1].parquet",
        "a\\b.parquet",
        "k=%2F/x.parquet",
        "?*.parquet",
        "line\nbreak.parquet",
    ];
    for name in names {
        sandbox.put(&format!("in dir/{name}"), &file);
    }
    let plan = sandbox.plan("in dir").unwrap();
    assert_eq!(ready(&plan).len(), names.len());
    assert!(plan.sources.iter().any(|source| source.source.partitions == [("k".to_owned(), "/".to_owned())]));
    assert_eq!(crate::sandbox::count(&sandbox.rows(plan, Columns::All)), 3 * names.len());
    for name in names {
        let plan = sandbox.plan(&format!("in dir/{name}")).unwrap();
        assert_eq!(ready(&plan), [format!("in dir/{name}")]);
    }
}

#[test]
fn links_are_followed_without_looping() {
    let sandbox = Sandbox::new();
    let file = parquet(&batch(START, 3));
    sandbox.put("elsewhere/b.parquet", &file);
    sandbox.put("in/a.parquet", &file);
    symlink(sandbox.path("elsewhere"), sandbox.path("in/link")).unwrap();
    symlink(sandbox.path("elsewhere/b.parquet"), sandbox.path("in/c.parquet")).unwrap();
    symlink(sandbox.path("in"), sandbox.path("in/loop")).unwrap();
    assert_eq!(ready(&sandbox.plan("in").unwrap()), ["in/a.parquet", "in/c.parquet", "in/link/b.parquet"]);
}

#[test]
fn a_link_to_nothing_and_a_name_that_is_not_utf8_are_set_aside() {
    use std::os::unix::ffi::OsStrExt as _;
    let sandbox = Sandbox::new();
    sandbox.put("one/.keep", b"");
    symlink("nowhere", sandbox.path("one/a.parquet")).unwrap();
    let reason = quarantine(&sandbox.plan("one").unwrap());
    assert_eq!(reason, "`one/a.parquet`: expected a file, found a link to nothing");

    std::fs::create_dir(sandbox.path("two")).unwrap();
    let name = std::ffi::OsStr::from_bytes(b"\xff.parquet");
    std::fs::write(sandbox.path("two").join(name), b"").unwrap();
    assert!(quarantine(&sandbox.plan("two").unwrap()).contains("expected a file name in UTF-8"));
}

#[test]
fn what_is_missing_is_said_with_what_is_there() {
    let sandbox = Sandbox::new();
    sandbox.put("data/captures/a.txt", b"x");
    sandbox.put("data/labels/b.parquet", b"x");
    let error = |text: &str| sandbox.plan(text).unwrap_err();

    let missing = error("data/capturse/deep");
    assert!(matches!(&missing, Error::NotFound { path, .. } if path == "data/capturse/deep"), "{missing}");
    assert!(missing.to_string().contains("`captures`, `labels`, did you mean `captures`?"), "{missing}");

    let wrong = error("data/captures");
    assert_eq!(
        wrong.to_string(),
        "no captures at `data/captures`: expected files ending in `.parquet`, `.jsonl`, `.json` (also `.gz`, `.out`) or `.csv`, found 1 others such as `a.txt`"
    );
    let glob = error("data/**/*.csv").to_string();
    assert!(
        glob.starts_with("no captures at `data/**/*.csv`: expected a file that matches, found only others"),
        "{glob}"
    );

    std::fs::create_dir(sandbox.path("empty")).unwrap();
    assert!(matches!(error("empty"), Error::NotFound { .. } | Error::Empty { .. }));
    assert!(matches!(error("memory://nothing/here"), Error::NotFound { .. }));
}

#[test]
fn a_folder_that_may_not_be_read_is_named() {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::CommandExt as _;
    let sandbox = Sandbox::new();
    sandbox.put("in/a.parquet", &parquet(&batch(START, 3)));
    sandbox.put("in/secret/b.parquet", b"x");
    let lock = |name: &str, mode| {
        std::fs::set_permissions(sandbox.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    lock("in/secret", 0o000);
    lock("", 0o755);
    let mut child = child("listing::denied_child");
    if is_root(sandbox.folder.path()) {
        child.uid(65534);
    }
    match child.env("STORE_TEST_FOLDER", sandbox.folder.path()).output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => println!("skipped: another user cannot run this test: {error}"),
    }
    lock("in/secret", 0o755);
}

/// The child of [`a_folder_that_may_not_be_read_is_named`], which runs it as an ordinary user.
#[test]
fn denied_child() {
    let Some(folder) = std::env::var_os("STORE_TEST_FOLDER") else { return };
    let store = store::Store::new(1).unwrap();
    let location = store::Location::parse("in", std::path::Path::new(&folder)).unwrap();
    let error = store.plan(&location, &crate::sandbox::timed(None), &|_| {}).unwrap_err();
    assert!(matches!(&error, Error::Denied { path, .. } if path == "in/secret"), "{error}");
    let target = location.join("secret/new.json").unwrap();
    assert!(matches!(store.write(&target, vec![1]), Err(Error::Denied { .. })));
}
