//! Tails of the rank statistics against SciPy's, at the statistics and row counts of real samples.

use crate::law::kolmogorov;
use crate::{anderson_darling, cramer_von_mises};
use serde_json::Value;
use std::path::PathBuf;

#[expect(clippy::print_stderr, reason = "what was compared or skipped is what the test is worth")]
fn say(text: &str) {
    eprintln!("{text}");
}

fn close(ours: f64, theirs: f64, absolute: f64) -> bool {
    (ours - theirs).abs() <= 1e-6 * theirs.abs() + absolute
}

#[test]
fn tails_of_real_samples() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/oracle");
    if !folder.is_dir() {
        return say("skipped: no reference values beside the workspace");
    }
    let mut compared = 0;
    let mut wrong = Vec::new();
    let mut check = |what: &str, ours: f64, theirs: f64, absolute: f64| {
        compared += 1;
        if !close(ours, theirs, absolute) {
            wrong.push(format!("{what}: {ours:e} here, {theirs:e} there"));
        }
    };
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !name.starts_with("drift_scipy__") && !name.starts_with("daily__") {
            continue;
        }
        let document: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        for entry in document["entries"].as_array().into_iter().flatten() {
            let Some(tests) = entry["tests"].as_array() else { continue };
            let value = |method: &str| {
                tests.iter().find(|t| t["method"] == method).and_then(|t| t["value"].as_f64()).unwrap()
            };
            let n = entry["reference_profile"]["present"].as_f64().unwrap();
            let m = entry["current_profile"]["present"].as_f64().unwrap();
            let what = format!("{name} {} {}", entry["case"], entry["column"]);
            let rows = (n * m / (n + m)).round_ties_even();
            let p = kolmogorov::survival(value("ks_2samp.statistic"), rows).unwrap();
            check(&what, p, value("ks_2samp.pvalue"), 1e-300);
            let p = anderson_darling::tail(value("anderson_ksamp.statistic"));
            check(&what, p, value("anderson_ksamp.pvalue"), 0.0);
            // SciPy's own series stops at terms of 1e-7, of which a long tail sums to some 1e-6.
            let p = cramer_von_mises::tail(value("cramervonmises_2samp.statistic"), n, m).unwrap();
            check(&what, p, value("cramervonmises_2samp.pvalue"), 3e-6);
        }
    }
    say(&format!("tails: {compared} values compared"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared >= 300, "only {compared} values compared");
}
