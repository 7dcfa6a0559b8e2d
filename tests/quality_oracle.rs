//! Predictions and labels of real data, end to end, against scikit-learn and NannyML.

use serde_json::Value;

use crate::{
    captures,
    labelled::{Scores, Tally, parquet},
    sandbox::Sandbox,
    tables::{oracle, shared},
};

/// Names of scikit-learn's metrics, and ours.
const BINARY: [(&str, &str); 19] = [
    ("accuracy", "accuracy"),
    ("balanced_accuracy", "balanced_accuracy"),
    ("precision", "precision"),
    ("recall", "recall"),
    ("recall", "true_positive_rate"),
    ("specificity", "true_negative_rate"),
    ("f1", "f1"),
    ("f0_5", "f0_5"),
    ("f2", "f2"),
    ("matthews", "matthews_correlation"),
    ("cohen_kappa", "cohen_kappa"),
    ("false_positive_rate", "false_positive_rate"),
    ("false_negative_rate", "false_negative_rate"),
    ("log_loss", "log_loss"),
    ("brier", "brier"),
    ("roc_auc", "auc"),
    ("average_precision", "average_precision"),
    ("gini", "gini"),
    ("ks_of_scores", "score_separation"),
];

const REGRESSION: [(&str, &str); 10] = [
    ("mae", "mae"),
    ("mse", "mse"),
    ("rmse", "rmse"),
    ("r2", "r2"),
    ("median_absolute_error", "median_absolute_error"),
    ("max_error", "max_error"),
    ("mape_sklearn", "mape_with_zeros"),
    ("mape_zero_labels_left_out", "mape"),
    ("mean_error_prediction_minus_label", "mean_error"),
    ("explained_variance", "explained_variance"),
];

/// Names of NannyML's metrics, and ours.
const CHUNKS: [(&str, &str); 7] = [
    ("roc_auc", "auc"),
    ("f1", "f1"),
    ("precision", "precision"),
    ("recall", "recall"),
    ("specificity", "true_negative_rate"),
    ("accuracy", "accuracy"),
    ("average_precision", "average_precision"),
];

fn entries(document: &Value) -> impl Iterator<Item = (&str, &Value)> {
    document["entries"].as_array().unwrap().iter().map(|entry| (entry["window"].as_str().unwrap(), entry))
}

/// The metrics of a window and segment, by their names there and here.
fn compare(tally: &mut Tally, scores: &Scores, at: (&str, &str), theirs: &Value, names: &[(&str, &str)]) {
    for (name, ours) in names {
        let score = scores.of_segment(at.0, at.1, ours);
        tally.same(&format!("{at:?} {ours}"), score, theirs[*name].as_f64().unwrap());
        // Labels of zero are left out where the metric divides by them.
        let zeros = if *ours == "mape" { theirs["zero_labels"].as_i64().unwrap() } else { 0 };
        assert_eq!(score.rows, theirs["n"].as_i64().unwrap() - zeros, "{at:?} {ours}");
    }
}

/// A chunk of NannyML: what was realised and what was estimated without labels.
fn compare_chunk(tally: &mut Tally, scores: &Scores, window: &str, known: &Value, estimated: &Value) {
    /// There, cumulated probabilities are rounded to five decimals where curves are integrated.
    const ROUNDED: f64 = 1e-8;
    let unlabelled = known["chunk"]["targets_missing_rate"].as_f64().unwrap();
    tally.same(&format!("{window} maturity"), scores.of(window, "maturity_ratio"), 1.0 - unlabelled);
    for (theirs, ours) in CHUNKS {
        let what = format!("{window} {ours}");
        tally.same(&what, scores.of(window, ours), known[theirs]["value"].as_f64().unwrap());
        let found = scores.of(window, &format!("estimated_{ours}"));
        let is_curve = ["auc", "average_precision"].contains(&ours);
        let tolerance = if is_curve { ROUNDED } else { 1e-9 };
        tally.within(&what, found.value, estimated[theirs]["value"].as_f64().unwrap(), tolerance);
        if !is_curve {
            let error = estimated[theirs]["sampling_error"].as_f64().unwrap();
            tally.within(&format!("{what} error"), found.standard_error, error, 1e-9);
        }
    }
}

/// `2016-03-01` of a window that is called so.
fn month(window: &str) -> String {
    format!("{}-01", &window[window.len() - 7..])
}

const CHECK: &str = "--baseline base --fail-on never --format json";

#[test]
fn elec2_by_month() {
    let (Some(document), Some(data)) = (oracle("quality_sklearn__elec2.json"), shared("real/elec2")) else {
        return;
    };
    let (sandbox, data) = (Sandbox::new(), data.display());
    sandbox.write(
        "driftscan.toml",
        "[roles]\nid = \"event_id\"\ntimestamp = \"event_ts\"\nlabel = \"up\"\n\
         prediction = \"up_pred\"\nprobability = \"up_prob\"\nfeatures = [\"nswprice\"]\n",
    );
    let labels = format!("--ground-truth {data}/labels.parquet");
    sandbox.expect(0, &format!("baseline {data}/predictions.parquet {labels} --out base --to 1996-07-02 -q"));
    let line =
        format!("backfill {data}/predictions.parquet {labels} --baseline base --out results --window 1mo");
    sandbox.expect(0, &line);
    let (scores, mut tally) = (Scores::of_table(&sandbox.path("results")), Tally::default());
    for (window, entry) in entries(&document) {
        compare(&mut tally, &scores, (&month(window), ""), &entry["binary"], &BINARY);
    }
    tally.finish("elec2", 32 * 19);
}

/// Settings of `ma_employment`.
const EMPLOYMENT: &str = "[roles]\nid = \"event_id\"\ntimestamp = \"event_ts\"\nlabel = \"employed\"\n\
    prediction = \"prediction\"\nprobability = \"predicted_probability\"\nfeatures = [\"AGEP\"]\n\
    [ground_truth]\narrived = \"label_ts\"\n";

#[test]
fn ma_employment_by_month_year_and_sex() {
    let (Some(document), Some(chunks), Some(data)) = (
        oracle("quality_sklearn__ma_employment.json"),
        oracle("nannyml__ma_employment.json"),
        shared("real/ma_employment"),
    ) else {
        return;
    };
    let (sandbox, data) = (Sandbox::new(), data.display());
    sandbox.write("driftscan.toml", EMPLOYMENT);
    sandbox.expect(0, &format!("baseline {data}/baseline.parquet --out base -q"));
    let mut scores = Vec::new();
    for (captures, labels) in
        [("baseline.parquet", String::new()), ("predictions", format!("--ground-truth {data}/labels"))]
    {
        let line = format!("backfill {data}/{captures} {labels} --baseline base --window 1mo -q");
        sandbox.expect(0, &format!("{line} --out {captures}"));
        scores.push(Scores::of_table(&sandbox.path(captures)));
    }
    let whole = sandbox.expect(0, &format!("check {data}/baseline.parquet {CHECK}")).json();
    let year = format!("check {data}/predictions --ground-truth {data}/labels --segment-by SEX {CHECK}");
    let year = sandbox.expect(0, &format!("{year} --from 2018-01-01 --to 2019-01-01")).json();
    let (whole, year) = (Scores::of_check(&whole), Scores::of_check(&year));
    let mut tally = Tally::default();
    for (window, entry) in entries(&document) {
        let segment = entry["segment"]["SEX"].as_str().map_or(String::new(), |sex| format!("SEX={sex}"));
        let (scores, date) = match window {
            "baseline.parquet" => (&whole, String::new()),
            "event year 2018" => (&year, String::new()),
            _ => (&scores[1], month(window)),
        };
        compare(&mut tally, scores, (&date, &segment), &entry["binary"], &BINARY);
    }
    tally.finish("ma_employment, scikit-learn", 39 * 19);
    let mut tally = Tally::default();
    let [known, estimated] = ["realized_performance", "estimated_performance_cbpe"]
        .map(|member| chunks["entries"][0][member].as_array().unwrap());
    for (known, estimated) in known.iter().zip(estimated) {
        let scores = &scores[usize::from(known["chunk"]["period"] == "analysis")];
        let date = month(known["chunk"]["key"].as_str().unwrap());
        compare_chunk(&mut tally, scores, &date, known, estimated);
    }
    tally.finish("ma_employment, NannyML", 48 * 20);
}

#[test]
fn ma_employment_as_it_was_known() {
    let (Some(document), Some(data)) =
        (oracle("quality_sklearn__ma_employment.json"), shared("real/ma_employment"))
    else {
        return;
    };
    let (sandbox, data) = (Sandbox::new(), data.display());
    sandbox.write("driftscan.toml", EMPLOYMENT);
    sandbox.expect(0, &format!("baseline {data}/baseline.parquet --out base -q"));
    let mut tally = Tally::default();
    for (window, entry) in entries(&document).filter(|(_, entry)| entry["as_of"].is_array()).step_by(12) {
        let date: jiff::civil::Date = month(window).parse().unwrap();
        let end = date.saturating_add(jiff::Span::new().months(1));
        let months = [0, 1, 2].map(|n| date.saturating_add(jiff::Span::new().months(n)));
        // Labels of three months are all there are.
        for month in months {
            let part = format!("label_month={}", month.strftime("%Y-%m"));
            let from = std::path::PathBuf::from(format!("{data}/labels/{part}/part-0.parquet"));
            captures::write_parquet(
                &sandbox.path(&format!("labels/{part}/part-0.parquet")),
                &[parquet(&from)],
            );
        }
        let captures = format!("{data}/predictions/month={}", date.strftime("%Y-%m"));
        for theirs in entry["as_of"].as_array().unwrap() {
            let days = theirs["days_after_window_end"].as_i64().unwrap();
            let as_of = end.saturating_add(jiff::Span::new().days(days));
            let line = format!("check {captures} --ground-truth labels --as-of {as_of} {CHECK}");
            let scores = Scores::of_check(&sandbox.expect(0, &line).json());
            let what = format!("{window} after {days} days");
            for (name, metric) in
                [("coverage", "maturity_ratio"), ("accuracy", "accuracy"), ("roc_auc", "auc")]
            {
                tally.same(&what, scores.of("", metric), theirs[name].as_f64().unwrap());
            }
            assert_eq!(scores.of("", "auc").rows, theirs["labelled"].as_i64().unwrap(), "{what}");
        }
    }
    tally.finish("ma_employment, as of", 3 * 5 * 3);
}

#[test]
fn car_loan_by_chunk() {
    let (Some(document), Some(chunks), Some(data)) =
        (oracle("quality_sklearn__car_loan.json"), oracle("nannyml__car_loan.json"), shared("real/car_loan"))
    else {
        return;
    };
    let (sandbox, data) = (Sandbox::new(), data.display());
    sandbox.write(
        "driftscan.toml",
        "[roles]\nid = \"event_id\"\ntimestamp = \"event_ts\"\nlabel = \"repaid\"\n\
         prediction = \"y_pred\"\nprobability = \"y_pred_proba\"\nfeatures = [\"car_value\"]\n",
    );
    sandbox.expect(0, &format!("baseline {data}/baseline.parquet --out base -q"));
    let check = |period: &str, more: &str| {
        let captures = match period {
            "reference" => format!("{data}/baseline.parquet"),
            _ => format!("{data}/predictions.parquet --ground-truth {data}/labels.parquet"),
        };
        Scores::of_check(&sandbox.expect(0, &format!("check {captures} {more} {CHECK}")).json())
    };
    let [known, estimated] = ["realized_performance", "estimated_performance_cbpe"]
        .map(|member| chunks["entries"][0][member].as_array().unwrap());
    let (mut tally, mut chunk_tally) = (Tally::default(), Tally::default());
    let by_rows: Vec<&Value> =
        entries(&document).filter(|(w, _)| w.contains("rows")).map(|(_, e)| e).collect();
    for (at, (known, estimated)) in known.iter().zip(estimated).enumerate() {
        let period = known["chunk"]["period"].as_str().unwrap();
        let start = |chunk: &Value| format!("{}Z", chunk["start_date"].as_str().unwrap().replace(' ', "T"));
        let next = known_after(chunks["entries"][0]["realized_performance"].as_array().unwrap(), at, period);
        let to = next.map_or(String::new(), |next| format!("--to {}", start(&next["chunk"])));
        let scores = check(period, &format!("--from {} {to}", start(&known["chunk"])));
        compare_chunk(&mut chunk_tally, &scores, "", known, estimated);
        if period == "analysis" {
            compare(&mut tally, &scores, ("", ""), &by_rows[at % 10]["binary"], &BINARY);
        }
    }
    for (window, entry) in entries(&document).take(2) {
        let scores = check(if window == "baseline.parquet" { "reference" } else { "analysis" }, "");
        compare(&mut tally, &scores, ("", ""), &entry["binary"], &BINARY);
    }
    tally.finish("car_loan, scikit-learn", 12 * 19);
    chunk_tally.finish("car_loan, NannyML", 20 * 20);
}

/// The chunk after one of the same period.
fn known_after<'a>(chunks: &'a [Value], at: usize, period: &str) -> Option<&'a Value> {
    chunks.get(at + 1).filter(|next| next["chunk"]["period"] == period)
}

/// Names of scikit-learn's means over classes, and ours.
fn of_classes(name: &str) -> Option<String> {
    Some(match name {
        "n" | "log_loss" => return None,
        "accuracy" | "balanced_accuracy" | "cohen_kappa" => name.to_owned(),
        "matthews" => "matthews_correlation".to_owned(),
        "log_loss_rows_renormalised" => "log_loss".to_owned(),
        // `precision_macro` there is `macro_precision` here.
        _ => match name.strip_prefix("roc_") {
            Some(area) => area.to_owned(),
            None => name.rsplit_once('_').map(|(metric, average)| format!("{average}_{metric}"))?,
        },
    })
}

const CLASSES: [&str; 3] = ["highstreet_card", "prepaid_card", "upmarket_card"];

#[test]
fn credit_card_of_three_classes() {
    let (Some(document), Some(chunks), Some(data)) = (
        oracle("quality_sklearn__credit_card_multiclass.json"),
        oracle("nannyml__credit_card_multiclass.json"),
        shared("real/credit_card_multiclass"),
    ) else {
        return;
    };
    let (sandbox, data) = (Sandbox::new(), data.display());
    let classes = CLASSES.map(|class| format!("{class} = \"y_pred_proba_{class}\"")).join(", ");
    sandbox.write(
        "driftscan.toml",
        format!(
            "[roles]\nid = \"event_id\"\ntimestamp = \"event_ts\"\nlabel = \"y_true\"\nprediction = \"y_pred\"\n\
             features = [\"app_channel\"]\n[quality]\nprobabilities = {{ {classes} }}\n"
        ),
    );
    sandbox.expect(0, &format!("baseline {data}/baseline.parquet --out base -q"));
    let captures = format!("{data}/predictions.parquet --ground-truth {data}/labels.parquet");
    sandbox.expect(0, &format!("backfill {captures} --baseline base --out results --window 1mo -q"));
    let check = |captures: &str, more: &str| {
        Scores::of_check(&sandbox.expect(0, &format!("check {captures} {more} {CHECK}")).json())
    };
    let whole = check(&format!("{data}/baseline.parquet"), "");
    let months = Scores::of_table(&sandbox.path("results"));
    let mut tally = Tally::default();
    for (window, entry) in entries(&document) {
        let is_whole = window == "baseline.parquet";
        let (scores, date) = if is_whole { (&whole, String::new()) } else { (&months, month(window)) };
        let theirs = &entry["multiclass"];
        for (name, value) in theirs.as_object().unwrap() {
            // Areas there are of probabilities made to add up to 1, which these, of two decimals, do not.
            let (Some(value), Some(ours)) = (value.as_f64(), of_classes(name)) else { continue };
            if !ours.starts_with("auc") {
                tally.same(&format!("{window} {ours}"), scores.of(&date, &ours), value);
            }
        }
        for class in CLASSES {
            for metric in ["precision", "recall", "f1"] {
                let found = scores.with(&date, "", "", metric, &format!("/class={class}"));
                tally.same(
                    &format!("{window} {class} {metric}"),
                    found,
                    theirs["per_class"][class][metric].as_f64().unwrap(),
                );
            }
        }
    }
    tally.finish("credit_card_multiclass, scikit-learn", 6 * 25);
    let (mut tally, mut estimates) = (Tally::default(), Tally::default());
    let known = chunks["entries"][0]["realized_performance"].as_array().unwrap();
    let promised = &chunks["entries"][0]["estimated_performance_cbpe"];
    for (at, chunk) in known.iter().enumerate().filter(|(_, chunk)| chunk["chunk"]["period"] == "analysis") {
        let time =
            |chunk: &Value| format!("{}Z", chunk["chunk"]["start_date"].as_str().unwrap().replace(' ', "T"));
        let to =
            known_after(known, at, "analysis").map_or(String::new(), |next| format!("--to {}", time(next)));
        let scores = check(&captures, &format!("--from {} {to}", time(chunk)));
        for (theirs, ours) in [
            ("roc_auc", "auc_ovr_macro"),
            ("f1", "macro_f1"),
            ("precision", "macro_precision"),
            ("recall", "macro_recall"),
            ("specificity", "macro_true_negative_rate"),
            ("accuracy", "accuracy"),
        ] {
            let what = format!("{} {ours}", chunk["chunk"]["key"]);
            tally.same(&what, scores.of("", ours), chunk[theirs]["value"].as_f64().unwrap());
            // NannyML leaves one class uncalibrated, which hangs on its seed; the spread does not depend on it. Areas have the noise of
            // rows with the same score, which are in the order of a sort there.
            let estimate = scores.of("", &format!("estimated_{ours}"));
            let theirs = |member: &str| promised[at][theirs][member].as_f64().unwrap();
            estimates.within(&what, estimate.value, theirs("value"), 5e-3);
            let spread = if ours == "auc_ovr_macro" { 2e-3 } else { 1e-9 };
            estimates.within(&what, estimate.standard_error, theirs("sampling_error"), spread);
        }
    }
    tally.finish("credit_card_multiclass, NannyML", 10 * 6);
    estimates.finish("credit_card_multiclass, NannyML's estimates", 10 * 12);
}

#[test]
fn flights_by_day_and_partition() {
    let (Some(document), Some(data)) =
        (oracle("quality_sklearn__nyc_flights_2013.json"), shared("real/nyc_flights_2013"))
    else {
        return;
    };
    let (sandbox, data) = (Sandbox::new(), data.display());
    let of_problem = |name: &str, roles: &str| {
        let columns = "id = \"event_id\"\ntimestamp = \"event_ts\"\nfeatures = [\"distance\"]\n";
        sandbox.write(&format!("{name}.toml"), format!("[roles]\n{columns}{roles}"));
    };
    of_problem("regression_arr_delay", "prediction = \"arr_delay_pred\"\nlabel = \"arr_delay\"\n");
    of_problem("binary_late", "prediction = \"late_pred\"\nprobability = \"late_prob\"\nlabel = \"late\"\n");
    let mut tally = Tally::default();
    for (problem, names) in [("regression_arr_delay", &REGRESSION[..]), ("binary_late", &BINARY[..])] {
        let more = format!("--config {problem}.toml --ground-truth {data}/labels");
        sandbox.expect(0, &format!("baseline {data}/predictions/month=2013-01 {more} --out base -q"));
        let check = |captures: &str, by: &str| {
            let line = format!("check {data}/predictions{captures} {more} --segment-by {by} {CHECK}");
            Scores::of_check(&sandbox.expect(0, &line).json())
        };
        let (months, july) = (check("", "month"), check("/month=2013-07", "origin"));
        let days = format!("backfill {data}/predictions/month=2013-0[237] {more} --segment-by month");
        sandbox.expect(0, &format!("{days} --baseline base --out {problem} -q"));
        let days = Scores::of_table(&sandbox.path(problem));
        for (window, entry) in entries(&document) {
            let month = format!("month={}", &window[window.len() - 7..]);
            let theirs = &entry[problem];
            match (window.split_once(" of "), entry["segment"]["origin"].as_str()) {
                (None, Some(origin)) => {
                    compare(&mut tally, &july, ("", &format!("origin={origin}")), theirs, names);
                }
                (None, None) => compare(&mut tally, &months, ("", &month), theirs, names),
                (Some((day, _)), _) => {
                    let date = day.strip_prefix("UTC day ").unwrap();
                    compare(&mut tally, &days, (date, &month), theirs, names);
                }
            }
        }
    }
    tally.finish("nyc_flights_2013", 108 * 29);
}
