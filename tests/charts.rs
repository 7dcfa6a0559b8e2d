//! Curves and confusion matrices of real data, end to end, against scikit-learn.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;
use serde_json::Value;

use crate::{
    sandbox::Sandbox,
    tables::{Row, agrees, oracle, read, rows, shared},
};

/// Rows of a table by the month of their window.
fn by_month(table: &[RecordBatch]) -> BTreeMap<String, Vec<Row<'_>>> {
    let mut months: BTreeMap<String, Vec<Row<'_>>> = BTreeMap::new();
    for row in rows(table) {
        months.entry(row.date()[..7].to_owned()).or_default().push(row);
    }
    months
}

/// Rows with a label and a prediction, of the window and of the baseline.
fn cell(rows: &[Row<'_>], label: &str, prediction: &str) -> (i64, i64) {
    let is_it = |row: &&Row<'_>| row.text("label") == label && row.text("prediction") == prediction;
    let row = rows.iter().find(is_it).unwrap_or_else(|| panic!("no {label} predicted as {prediction}"));
    (row.count("rows"), row.count("baseline_rows"))
}

/// A point of a curve: false and true positive rate.
fn place(row: &Row<'_>) -> (f64, f64) {
    (row.number("false_positive_rate").unwrap(), row.number("true_positive_rate").unwrap())
}

#[test]
fn curves_of_elec2() {
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
    sandbox.expect(0, &format!("baseline {data}/predictions.parquet {labels} --out base --to 1996-06-01 -q"));
    let line =
        format!("backfill {data}/predictions.parquet {labels} --baseline base --out results --window 1mo");
    sandbox.expect(0, &line);
    let (curves, confusion) =
        (read(&sandbox.path("results"), "curves"), read(&sandbox.path("results"), "confusion"));
    let (curves, confusion) = (by_month(&curves), by_month(&confusion));
    let mut compared = 0;
    let mut of_baseline = None;
    for entry in document["entries"].as_array().unwrap() {
        let window = entry["window"].as_str().unwrap();
        let (month, theirs) = (&window[window.len() - 7..], &entry["binary"]);
        let count = |of: &Value, name: &str| of[name].as_i64().unwrap();
        let pairs = [
            ("negative", "negative", "tn"),
            ("negative", "positive", "fp"),
            ("positive", "negative", "fn"),
            ("positive", "positive", "tp"),
        ];
        let before = of_baseline.get_or_insert_with(|| theirs["confusion"].clone()).clone();
        for (label, prediction, name) in pairs {
            let expected = (count(&theirs["confusion"], name), count(&before, name));
            assert_eq!(cell(&confusion[month], label, prediction), expected, "{month} {name}");
        }
        let curve = &curves[month];
        assert!((50..=103).contains(&curve.len()), "{month}: {}", curve.len());
        let places: Vec<(f64, f64)> = curve.iter().map(place).collect();
        assert_eq!((places[0], places[places.len() - 1]), ((0.0, 0.0), (1.0, 1.0)), "{month}");
        assert_eq!((curve[0].number("threshold"), curve[0].number("precision")), (None, Some(1.0)));
        let area: f64 =
            places.windows(2).map(|pair| (pair[1].0 - pair[0].0) * (pair[1].1 + pair[0].1) / 2.0).sum();
        // A hundred chords instead of the curve.
        assert!(agrees(Some(area), theirs["roc_auc"].as_f64().unwrap(), 2e-3), "{month}: {area}");
        let positives = theirs["positives"].as_f64().unwrap();
        let negatives = theirs["n"].as_f64().unwrap() - positives;
        for (threshold, theirs) in theirs["by_threshold"].as_object().unwrap() {
            // The counts at a threshold lie between those of the points around it.
            let threshold: f64 = threshold.parse().unwrap();
            let split = curve.partition_point(|row| row.number("threshold").is_none_or(|t| t >= threshold));
            let (fp, tp) = (count(theirs, "fp"), count(theirs, "tp"));
            let at = (fp as f64 / negatives, tp as f64 / positives);
            let (above, below) = (places[split - 1], places.get(split).copied().unwrap_or((1.0, 1.0)));
            let is_between = |low: f64, x: f64, high: f64| low <= x + 1e-12 && x <= high + 1e-12;
            assert!(is_between(above.0, at.0, below.0), "{month} {threshold}: {above:?} {at:?} {below:?}");
            assert!(is_between(above.1, at.1, below.1), "{month} {threshold}: {above:?} {at:?} {below:?}");
            assert!(curve[split - 1].count("rows") <= fp + tp);
            compared += 1;
        }
        for row in curve {
            let (rows, (fpr, tpr)) = (row.count("rows") as f64, place(row));
            assert!(agrees(Some(fpr * negatives + tpr * positives), rows, 1e-9) || rows == 0.0, "{month}");
            let precision = if rows == 0.0 { 1.0 } else { tpr * positives / rows };
            assert!(agrees(row.number("precision"), precision, 1e-9) || precision == 0.0, "{month}");
            if month == "1996-05" {
                for side in ["true_positive_rate", "false_positive_rate", "precision"] {
                    assert_eq!(row.number(&format!("baseline_{side}")), row.number(side), "{side}");
                }
            }
        }
    }
    println!("curves of elec2: {compared} thresholds compared");
    assert!(compared >= 32 * 5, "{compared}");
}

#[test]
fn confusion_of_three_classes() {
    let (Some(document), Some(data)) =
        (oracle("quality_sklearn__credit_card_multiclass.json"), shared("real/credit_card_multiclass"))
    else {
        return;
    };
    let (sandbox, data) = (Sandbox::new(), data.display());
    let classes = ["highstreet_card", "prepaid_card", "upmarket_card"];
    let columns = classes.map(|class| format!("{class} = \"y_pred_proba_{class}\"")).join(", ");
    sandbox.write(
        "driftscan.toml",
        format!(
            "[roles]\nid = \"event_id\"\ntimestamp = \"event_ts\"\nlabel = \"y_true\"\nprediction = \"y_pred\"\n\
             features = [\"app_channel\"]\n[quality]\nprobabilities = {{ {columns} }}\n"
        ),
    );
    sandbox.expect(0, &format!("baseline {data}/baseline.parquet --out base -q"));
    let captures = format!("{data}/predictions.parquet --ground-truth {data}/labels.parquet");
    sandbox.expect(0, &format!("backfill {captures} --baseline base --out results --window 1mo -q"));
    let results = sandbox.path("results");
    let (curves, confusion) = (read(&results, "curves"), read(&results, "confusion"));
    let (curves, confusion) = (by_month(&curves), by_month(&confusion));
    let entries = document["entries"].as_array().unwrap();
    let matrix = |entry: &Value, label: usize, prediction: usize| {
        entry["multiclass"]["confusion_rows_true_columns_predicted"][label][prediction].as_i64().unwrap()
    };
    let is_baseline = |entry: &&Value| entry["window"] == "baseline.parquet";
    let before = entries.iter().find(is_baseline).unwrap();
    let mut compared = 0;
    for entry in entries.iter().filter(|entry| !is_baseline(entry)) {
        let window = entry["window"].as_str().unwrap();
        let month = &window[window.len() - 7..];
        for (at, label) in classes.iter().enumerate() {
            for (column, prediction) in classes.iter().enumerate() {
                let expected = (matrix(entry, at, column), matrix(before, at, column));
                assert_eq!(cell(&confusion[month], label, prediction), expected, "{month}");
                compared += 1;
            }
            let of_class: Vec<&Row<'_>> =
                curves[month].iter().filter(|row| row.text("class") == *label).collect();
            let support = entry["multiclass"]["per_class"][label]["support"].as_i64().unwrap();
            let (first, last) = (of_class[0], of_class[of_class.len() - 1]);
            assert_eq!((place(first), place(last)), ((0.0, 0.0), (1.0, 1.0)), "{month} {label}");
            assert_eq!(last.count("rows"), entry["labelled"].as_i64().unwrap(), "{month}");
            let share = support as f64 / last.count("rows") as f64;
            assert!(agrees(last.number("precision"), share, 1e-12), "{month} {label}");
        }
    }
    println!("confusion of three classes: {compared} cells compared");
    assert!(compared >= 5 * 9, "{compared}");
}
