//! The registry against reference values that other libraries computed (SciPy, Evidently), where present.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use drift::{Measure, Ranks, Score, Shares, Undefined, metric};
use serde_json::Value;
use std::path::PathBuf;

/// The folder of reference values, which lies beside the workspace and may be absent.
fn oracle() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/oracle");
    folder.is_dir().then_some(folder)
}

#[expect(clippy::print_stderr, reason = "a skipped test has to say so")]
fn skipped() {
    eprintln!("skipped: no reference values beside the workspace");
}

fn documents(prefix: &str) -> Option<Vec<Value>> {
    let mut files: Vec<PathBuf> = oracle()?.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let wanted = |path: &&PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(prefix);
    let read = |path: &PathBuf| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    Some(files.iter().filter(wanted).map(read).collect())
}

fn counts(value: &Value) -> Vec<u64> {
    value.as_array().unwrap().iter().map(|x| x.as_u64().unwrap()).collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn shares(name: &str, baseline: &[u64], current: &[u64]) -> Result<Score, Undefined> {
    let Some(Measure::Shares(measure)) = metric(name).map(|m| m.measure) else {
        panic!("`{name}` does not look at shares");
    };
    measure(&Shares { baseline, current, pooled: 0 })
}

/// Comparisons made, by metric, and those that failed.
#[derive(Default)]
struct Tally {
    compared: usize,
    failed: Vec<String>,
}

impl Tally {
    fn values(&mut self, what: &str, ours: f64, theirs: f64, absolute: f64) {
        self.compare(what, ours, theirs, 1e-9, absolute);
    }

    fn p_values(&mut self, what: &str, ours: Option<f64>, theirs: f64) {
        self.compare(what, ours.unwrap_or(f64::NAN), theirs, 1e-6, 1e-300);
    }

    fn compare(&mut self, what: &str, ours: f64, theirs: f64, relative: f64, absolute: f64) {
        self.compared += 1;
        if (ours - theirs).abs() <= relative * theirs.abs() + absolute {
            return;
        }
        self.failed.push(format!("{what}: {ours:e} here, {theirs:e} there"));
    }

    #[expect(clippy::print_stderr, reason = "how much was compared is what the test is worth")]
    fn finish(self, what: &str, at_least: usize) {
        eprintln!("{what}: {} values compared", self.compared);
        assert!(self.failed.is_empty(), "{} differ:\n{}", self.failed.len(), self.failed.join("\n"));
        assert!(self.compared >= at_least, "only {} values compared", self.compared);
    }
}

/// Digits that a plain sum of logarithms loses where distributions are almost equal: the other
/// libraries' loss, not ours.
const LOST: f64 = 1e-15;

/// Compares one binned result; false where the registry has no such metric.
fn binned(tally: &mut Tally, what: &str, result: &Value, baseline: &[u64], current: &[u64]) -> bool {
    let theirs = result["value"].as_f64().unwrap();
    let parameters = result["parameters"].to_string();
    let has = |text: &str| parameters.contains(text);
    let name = match result["method"].as_str().unwrap() {
        "psi" if has("0.5 added") => "population_stability",
        // 1e-4 whatever the smallest share is: Evidently's rule only where that share is larger.
        "psi" if smallest(baseline) > 1e-4 && smallest(current) > 1e-4 => "population_stability.evidently",
        "kl_current_reference" => "kullback_leibler",
        "kl_reference_current" => "kullback_leibler.reverse",
        "js_distance" if has("\"2\"") => "jensen_shannon",
        "js_distance" => "jensen_shannon.evidently",
        "js_divergence" if has("\"2\"") => "jensen_shannon.tfdv",
        "hellinger" => "hellinger",
        "total_variation" => "total_variation",
        "l_infinity" => "l_infinity",
        "chi2_contingency.statistic" | "chi2_contingency.pvalue" => "chi_squared",
        "g_test.statistic" | "g_test.pvalue" => "g_test",
        "cramers_v" => "cramers_v",
        _ => return false,
    };
    let what = format!("{name} {what}");
    let score = shares(name, baseline, current).unwrap();
    match name {
        _ if result["method"].as_str().unwrap().ends_with("pvalue") => {
            tally.p_values(&what, score.p_value, theirs);
        }
        "jensen_shannon" | "jensen_shannon.evidently" => {
            tally.values(&what, score.value, theirs, LOST / theirs.max(1e-12));
        }
        "g_test" => tally.values(&what, score.value, theirs, LOST * 1e6),
        _ => tally.values(&what, score.value, theirs, LOST),
    }
    true
}

fn smallest(counts: &[u64]) -> f64 {
    let total: u64 = counts.iter().sum();
    counts.iter().filter(|c| **c > 0).min().map_or(1.0, |least| *least as f64 / total as f64)
}

#[test]
fn binned_values_of_scipy() {
    let Some(documents) = documents("drift_scipy__") else { return skipped() };
    let mut tally = Tally::default();
    let mut passed_over = 0;
    for entry in documents.iter().flat_map(|d| d["entries"].as_array().unwrap()) {
        for bins in entry["binned"].as_array().unwrap() {
            if !bins["reference_counts"].is_array() {
                // Thousands of categories: the counts are not written out.
                passed_over += bins["results"].as_array().unwrap().len();
                continue;
            }
            let (baseline, current) = (counts(&bins["reference_counts"]), counts(&bins["current_counts"]));
            let what =
                format!("{} {} {} {}", entry["dataset"], entry["case"], entry["column"], bins["binning"]);
            for result in bins["results"].as_array().unwrap() {
                if !binned(&mut tally, &what, result, &baseline, &current) {
                    passed_over += 1;
                }
            }
        }
    }
    // Left out: divergence in base e, and an unconditional 1e-4 beside rare categories.
    assert!(passed_over < 700, "{passed_over} results passed over");
    tally.finish("drift_scipy", 6_500);
}

#[test]
fn values_of_evidently_over_known_bins() {
    let (Some(evidently), Some(scipy)) = (documents("drift_evidently__"), documents("drift_scipy__")) else {
        return skipped();
    };
    let mut tally = Tally::default();
    let scipy: Vec<&Value> = scipy.iter().flat_map(|d| d["entries"].as_array().unwrap()).collect();
    for entry in evidently.iter().flat_map(|d| d["entries"].as_array().unwrap()) {
        let same = |other: &&&Value| ["dataset", "case", "column"].iter().all(|key| other[key] == entry[key]);
        let Some(other) = scipy.iter().find(same) else { continue };
        let categories = entry["kind"] == "cat";
        let edges = &entry["bins_of_psi_js_kl"]["edges"];
        let matching = |bins: &&Value| categories || (edges.is_array() && bins["edges"] == *edges);
        let Some(bins) = other["binned"].as_array().unwrap().iter().find(matching) else { continue };
        let (baseline, current) = (counts(&bins["reference_counts"]), counts(&bins["current_counts"]));
        for result in entry["results"].as_array().unwrap() {
            let Some(theirs) = result["value"].as_f64() else { continue };
            let name = match result["method"].as_str().unwrap() {
                "psi" => "population_stability.evidently",
                "jensenshannon" => "jensen_shannon.evidently",
                "kl_div" => "kullback_leibler.evidently",
                "hellinger" if categories => "hellinger",
                "chisquare" => "chi_squared.evidently",
                "g_test" => "g_test.evidently",
                _ => continue,
            };
            let what = format!("{name} {} {} {}", entry["dataset"], entry["case"], entry["column"]);
            match (name, shares(name, &baseline, &current)) {
                // A category that the baseline lacks: Evidently reports p = 0.
                ("chi_squared.evidently", Err(error)) => {
                    assert_eq!((error, theirs), (Undefined::Unbounded, 0.0), "{what}");
                }
                ("chi_squared.evidently" | "g_test.evidently", Ok(score)) => {
                    tally.p_values(&what, score.p_value, theirs);
                }
                (_, score) => {
                    let lost =
                        if name.ends_with("_leibler.evidently") { LOST } else { LOST / theirs.max(1e-12) };
                    tally.values(&what, score.unwrap().value, theirs, lost);
                }
            }
        }
    }
    tally.finish("drift_evidently", 600);
}

#[test]
fn small_samples() {
    let Some(documents) = documents("micro") else { return skipped() };
    let mut tally = Tally::default();
    for case in documents[0]["two_samples"].as_array().unwrap() {
        let points = Ranks::exact_points(&numbers(&case["reference"]), &numbers(&case["current"]));
        let ranks = Ranks { points: &points, baseline_std_dev: 1.0 };
        for (name, key, p_key) in [
            ("kolmogorov_smirnov", "ks_statistic", "ks_pvalue_asymp"),
            ("kolmogorov_smirnov.exact", "ks_statistic", "ks_pvalue_exact"),
            ("wasserstein", "wasserstein", ""),
            ("wasserstein.raw", "wasserstein", ""),
            ("energy_distance", "energy", ""),
            ("cramer_von_mises.scipy", "cramervonmises_statistic", "cramervonmises_pvalue_asymptotic"),
            ("anderson_darling", "anderson_statistic", ""),
        ] {
            let Some(Measure::Ranks(measure)) = metric(name).map(|m| m.measure) else { panic!("{name}") };
            let (what, values) = (format!("{name} {}", case["name"]), &case["values"]);
            let Some(theirs) = values[key].as_f64() else {
                if values[key].as_str().unwrap().starts_with("error") {
                    assert!(measure(&ranks).is_err(), "{what}");
                }
                continue;
            };
            let score = measure(&ranks).unwrap();
            tally.values(&what, score.value, theirs, LOST);
            if let Some(theirs) = values[p_key].as_f64() {
                // SciPy stops the Cramer-von Mises series at terms of 1e-7.
                let absolute = if name.starts_with("cramer") { 1e-7 } else { 1e-300 };
                tally.compare(&what, score.p_value.unwrap(), theirs, 1e-6, absolute);
            }
        }
    }
    for case in documents[0]["count_vectors"].as_array().unwrap() {
        let (baseline, current) = (counts(&case["reference_counts"]), counts(&case["current_counts"]));
        for (name, key, p_key) in [
            ("population_stability", "psi_add_half", ""),
            ("kullback_leibler.unsmoothed", "kl_current_reference", ""),
            ("kullback_leibler.unsmoothed_reverse", "kl_reference_current", ""),
            ("jensen_shannon", "js_distance_2", ""),
            ("jensen_shannon.evidently", "js_distance_e", ""),
            ("jensen_shannon.tfdv", "js_divergence_2", ""),
            ("hellinger", "hellinger", ""),
            ("total_variation", "total_variation", ""),
            ("l_infinity", "l_infinity", ""),
            ("chi_squared", "chi2", "chi2_p"),
            ("chi_squared.yates", "chi2_yates", "chi2_yates_p"),
            ("g_test", "g", "g_p"),
        ] {
            let (what, values) = (format!("{name} {}", case["name"]), &case["values"]);
            if values[key] == "inf" {
                assert_eq!(shares(name, &baseline, &current), Err(Undefined::Unbounded), "{what}");
                continue;
            }
            let Some(theirs) = values[key].as_f64() else { continue };
            let score = shares(name, &baseline, &current).unwrap();
            let lost = if name.starts_with("jensen") { LOST / theirs.max(1e-12) } else { LOST };
            tally.values(&what, score.value, theirs, lost);
            if let Some(theirs) = values[p_key].as_f64() {
                tally.p_values(&what, score.p_value, theirs);
            }
        }
        if let Some(theirs) = case["values"]["fisher_exact_p"].as_f64() {
            let filled: Vec<(u64, u64)> =
                baseline.iter().copied().zip(current.iter().copied()).filter(|(b, c)| b + c > 0).collect();
            let (n, m) = (baseline.iter().sum(), current.iter().sum());
            let score = drift::share_difference(filled[0].0, n, filled[0].1, m).unwrap();
            tally.p_values(&format!("share_difference {}", case["name"]), score.p_value, theirs);
        }
    }
    tally.finish("micro", 150);
}
