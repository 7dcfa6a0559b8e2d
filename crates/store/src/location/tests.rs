//! The grammar of locations, as a table.

use super::*;

fn parse(text: &str) -> Result<Location, Error> {
    Location::parse(text, Path::new("/base"))
}

#[test]
fn grammar() {
    // text, shown root, root, glob
    let cases: &[(&str, &str, &str, Option<&str>)] = &[
        ("data/captures", "data/captures", "/base/data/captures", None),
        ("data/captures/", "data/captures", "/base/data/captures", None),
        ("/no such/ü %41'x", "/no such/ü %41'x", "/no such/ü %41'x", None),
        ("/", "/", "/", None),
        ("../up", "../up", "/base/../up", None),
        ("//a///b//", "/a/b", "/a/b", None),
        ("a/key=1//*.csv", "a", "/base/a", Some("key=1/*.csv")),
        ("a/*//b?", "a", "/base/a", Some("*/b?")),
        ("*.parquet", "", "/base", Some("*.parquet")),
        ("/*.parquet", "/", "/", Some("*.parquet")),
        ("a/b/**/x?.parquet", "a/b", "/base/a/b", Some("**/x?.parquet")),
        ("a/{b,c}/", "a", "/base/a", Some("{b,c}")),
        ("file:///nowhere/a%20b/x.csv", "/nowhere/a b/x.csv", "/nowhere/a b/x.csv", None),
        ("file://localhost/nowhere", "/nowhere", "/nowhere", None),
        ("s3://bucket", "s3://bucket", "", None),
        ("s3://bucket/", "s3://bucket", "", None),
        ("s3://bucket/a b/%41", "s3://bucket/a b/%41", "a b/%41", None),
        (
            "s3://b/ep/year=2026/month=0[1-6]/**/*.parquet",
            "s3://b/ep",
            "ep",
            Some("year=2026/month=0[1-6]/**/*.parquet"),
        ),
        ("s3://b/*", "s3://b", "", Some("*")),
        ("gs://b/x/", "gs://b/x", "x", None),
        ("az://container/x", "az://container/x", "x", None),
        ("abfss://c@account.dfs.core.windows.net/x", "abfss://c@account.dfs.core.windows.net/x", "x", None),
        ("memory://", "memory://", "", None),
        ("memory:///a/b", "memory:///a/b", "a/b", None),
        ("memory://a/b", "memory://a/b", "a/b", None),
        ("memory://a/*", "memory://a", "a", Some("*")),
    ];
    for &(text, shown, root, pattern) in cases {
        let location = parse(text).unwrap();
        assert_eq!(
            (location.shown(), location.root(), location.pattern.as_deref()),
            (shown, root, pattern),
            "{text}"
        );
    }
}

#[test]
fn an_empty_base_is_the_current_folder() {
    let parse = |text: &str| Location::parse(text, Path::new("")).unwrap();
    assert_eq!((parse("x").root(), parse("*.csv").root()), ("./x", "."));
    assert_eq!(parse("*.csv").to_string(), "*.csv");
}

#[test]
fn display_is_what_was_written() {
    for text in ["data/x", "a/*/b.csv", "s3://b/a/**/*.parquet", "memory:///x", "/"] {
        assert_eq!(parse(text).unwrap().to_string(), text);
    }
    assert_eq!(parse("s3://b/x/").unwrap().to_string(), "s3://b/x");
}

#[test]
fn refusals_name_what_was_expected_and_hide_credentials() {
    let cases = [
        ("", "found nothing"),
        ("http://x/y", "unknown scheme `http`, expected a path or one of file://, s3://"),
        ("s3://", "expected a bucket"),
        ("s3://b/a/../c", "`..`"),
        ("s3://b/a//c", "empty"),
        ("memory://../c", "`..`"),
        ("file://relative", "file:///absolute/path"),
        ("file:///a/../b", "`..`"),
        ("a/[b", "invalid location `a/[b`"),
        ("s3://KEY:SECRET@b/x", "no credentials"),
        ("az://c/x?sv=1&sig=SECRET", "no credentials"),
        ("a/*/../b", "`..` behind a wildcard"),
    ];
    for (text, expected) in cases {
        let error = parse(text).map(|location| location.to_string()).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
        assert!(!error.contains("SECRET"), "{error}");
    }
}

#[test]
fn join_goes_down_only() {
    let results = parse("s3://b/results").unwrap();
    let part = results.join("scores/window_date=2013-01-01/part.parquet").unwrap();
    assert_eq!(part.to_string(), "s3://b/results/scores/window_date=2013-01-01/part.parquet");
    assert_eq!(parse("memory://").unwrap().join("a").unwrap().root(), "a");
    for bad in ["", "/x", "a//b", "../x", "a/..", "."] {
        assert!(results.join(bad).is_err(), "{bad}");
    }
    assert!(parse("a/*").unwrap().join("x").is_err());
}

#[test]
fn contains_is_by_segment_and_by_glob() {
    let inside = |outer: &str, inner: &str| parse(outer).unwrap().contains(&parse(inner).unwrap());
    assert!(inside("data", "data"));
    assert!(inside("data", "data/results"));
    assert!(inside("data/", "./data/results"));
    assert!(!inside("data", "database"));
    assert!(!inside("data/results", "data"));
    assert!(inside("/", "x"));
    assert!(inside("s3://b", "s3://b/x"));
    assert!(!inside("s3://b", "s3://c/x"));
    assert!(!inside("s3://b/x", "memory://b/x"));
    assert!(inside("data/**/*.parquet", "data/results"));
    assert!(!inside("data/*.parquet", "data/results"));
    assert!(!inside("data/year=*/*.parquet", "data/results"));
}

#[cfg(unix)]
#[test]
fn contains_follows_links_and_existing_names_are_literal() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("real[1]")).unwrap();
    std::os::unix::fs::symlink("real[1]", folder.path().join("link")).unwrap();
    let parse = |text: &str| Location::parse(text, folder.path()).unwrap();
    assert_eq!(parse("real[1]").pattern, None);
    assert_eq!(parse("real[1]/year=1/*.csv").pattern.as_deref(), Some("year=1/*.csv"));
    assert!(parse("link").contains(&parse("real[1]/results/deep")));
    assert!(parse("real[1]").contains(&parse("link/../real[1]/x")));
}

#[test]
fn percent_decoding() {
    assert_eq!(decode_percent("a%2Fb%25%zz%4"), Some("a/b%%zz%4".into()));
    assert_eq!(decode_percent("%ff"), None);
}
