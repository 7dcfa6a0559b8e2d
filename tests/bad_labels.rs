//! Predictions and labels that are not what they should be: a row with its reason, or an error that names what is wrong.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
    cast::AsArray,
    types::{Float64Type, Int64Type},
};

use crate::{
    captures::{self, with, without, write_parquet},
    labelled::{self, Scores, day, labels},
    sandbox::{Ran, Sandbox, holds},
};

const CHECK: &str = "check captures --baseline baseline --fail-on never --format json";

fn text(values: impl IntoIterator<Item = &'static str>) -> ArrayRef {
    Arc::new(values.into_iter().map(Some).collect::<StringArray>())
}

fn constant(rows: usize, value: f64) -> ArrayRef {
    Arc::new(Float64Array::from(vec![value; rows]))
}

/// Of a day, the scores of predictions and labels once a column is another.
fn scores_with(sandbox: &Sandbox, changes: &[(&str, ArrayRef)]) -> Scores {
    let today =
        changes.iter().fold(day(0, 300, 0.0), |day, (name, column)| with(&day, name, Arc::clone(column)));
    write_parquet(&sandbox.path("captures/a.parquet"), &[today]);
    let scores = Scores::of_check(&sandbox.expect(0, CHECK).json());
    for (key, score) in scores.iter() {
        assert!(score.value.is_none_or(f64::is_finite), "{key:?}: {score:?}");
        assert!(
            score.value.is_some() != score.status.is_empty() || !score.reason.is_empty(),
            "{key:?}: {score:?}"
        );
        assert!(score.value.is_some() || !score.reason.is_empty(), "{key:?}: neither number nor reason");
    }
    scores
}

#[track_caller]
fn says(scores: &Scores, metric: &str, status: &str, reason: &str) {
    let score = scores.of("", metric);
    assert_eq!((score.value, score.status.as_str()), (None, status), "{metric}: {score:?}");
    holds(&score.reason, &[reason]);
}

#[test]
fn what_cannot_be_computed_says_why() {
    let sandbox = labelled::with_baseline();
    let today = day(0, 300, 0.0);
    let rows = today.num_rows();
    let bought = today.column_by_name("bought").unwrap().as_primitive::<Int64Type>().values().to_vec();
    let scored = today.column_by_name("score").unwrap().as_primitive::<Float64Type>().values().to_vec();
    let of_labels = |column: ArrayRef| scores_with(&sandbox, &[("bought", column)]);
    let usual = scores_with(&sandbox, &[]);

    // One class only.
    let none = of_labels(Arc::new(Int64Array::from(vec![0; rows])));
    says(&none, "auc", "constant", "no label is positive");
    says(&none, "recall", "constant", "no label is positive");
    assert_eq!(none.of("", "precision").value, Some(0.0));
    says(&of_labels(Arc::new(Int64Array::from(vec![1; rows]))), "auc", "constant", "no label is negative");

    // Scores that do not differ, are not there, or are no probabilities.
    let same = scores_with(&sandbox, &[("score", constant(rows, 0.5))]);
    assert_eq!((same.of("", "auc").value, same.of("", "estimated_auc").value), (Some(0.5), Some(0.5)));
    for absent in [constant(rows, f64::NAN), Arc::new(Float64Array::new_null(rows)) as ArrayRef] {
        let scores = scores_with(&sandbox, &[("score", absent)]);
        says(&scores, "auc", "empty", "no rows with a score and a label");
        assert_eq!(scores.of("", "accuracy").value, usual.of("", "accuracy").value, "decisions are there");
    }
    let tripled: Float64Array = scored.iter().map(|score| score * 3.0).collect();
    let outside = scores_with(&sandbox, &[("score", Arc::new(tripled))]);
    let inside = scored.iter().filter(|score| **score * 3.0 <= 1.0).count();
    assert_eq!(outside.of("", "brier").rows, i64::try_from(inside).unwrap(), "of the others");
    holds(&outside.of("", "brier").reason, &[&format!("left out: {} scores outside 0 to 1", rows - inside)]);
    let percent: Float64Array = scored.iter().map(|score| 2.0 + score * 98.0).collect();
    let none = scores_with(&sandbox, &[("score", Arc::new(percent))]);
    says(&none, "auc", "empty", &format!("left out: {rows} scores outside 0 to 1"));

    // Labels of another type: what is 1 and 0 in other words counts, what is not says so.
    let flags: BooleanArray = bought.iter().map(|label| Some(*label == 1)).collect();
    let floats: Float64Array = bought.iter().map(|label| *label as f64).collect();
    let texts = text(bought.iter().map(|label| if *label == 1 { "1" } else { "0" }));
    for same in [Arc::new(flags) as ArrayRef, Arc::new(floats), texts] {
        let scores = of_labels(same);
        for metric in ["accuracy", "auc", "brier", "maturity_ratio"] {
            assert_eq!(scores.of("", metric).value, usual.of("", metric).value, "{metric}");
        }
    }
    let words = of_labels(text(bought.iter().map(|label| if *label == 1 { "yes" } else { "no" })));
    for metric in ["accuracy", "auc"] {
        says(
            &words,
            metric,
            "type_changed",
            "300 labels are neither 1 nor 0, true nor false: `positive` under [quality]",
        );
    }
    let missing = of_labels(Arc::new(Int64Array::new_null(rows)));
    says(&missing, "accuracy", "empty", "no rows with a prediction and a label");
    assert_eq!(
        (missing.of("", "maturity_ratio").value, missing.of("", "estimated_auc").value.is_some()),
        (Some(0.0), true)
    );

    // Predictions of another type.
    let decided = today.column_by_name("decided").unwrap().as_primitive::<Int64Type>().values().to_vec();
    let as_text = scores_with(
        &sandbox,
        &[("decided", text(decided.iter().map(|yes| if *yes == 1 { "1" } else { "0" })))],
    );
    assert_eq!(as_text.of("", "accuracy").value, usual.of("", "accuracy").value);
    let as_words = scores_with(&sandbox, &[("decided", text(decided.iter().map(|_| "good")))]);
    says(&as_words, "accuracy", "empty", "no rows with a prediction and a label");

    // A group without anybody in it, and one of everybody.
    for (colour, rows_of_group) in [("green", 0), ("red", 300)] {
        let scores = scores_with(&sandbox, &[("colour", text(vec![colour; rows]))]);
        let disparity = scores.with("", "", "colour", "DPPL", "/group=red");
        assert_eq!(
            (disparity.value, disparity.status.as_str(), disparity.rows),
            (None, "empty", rows_of_group)
        );
    }
}

/// Captures and their labels, apart.
fn apart() -> (Sandbox, RecordBatch) {
    let sandbox = labelled::with_baseline();
    sandbox
        .write("driftscan.toml", format!("{}\n[ground_truth]\narrived = \"arrived\"\n", labelled::SETTINGS));
    let today = day(0, 300, 0.0);
    write_parquet(&sandbox.path("captures/a.parquet"), &[without(&today, "bought")]);
    write_parquet(&sandbox.path("labels/a.parquet"), &[labels(&today.slice(0, 200), 1)]);
    (sandbox, today)
}

fn backfill(sandbox: &Sandbox, code: i32) -> Ran {
    sandbox.expect(
        code,
        "backfill captures --baseline baseline --ground-truth labels --out results --format json",
    )
}

/// Share of labels there, and accuracy.
fn known(sandbox: &Sandbox) -> (Option<f64>, Option<f64>) {
    let (scores, date) = (Scores::of_table(&sandbox.path("results")), captures::date(0));
    (scores.of(&date, "maturity_ratio").value, scores.of(&date, "accuracy").value)
}

#[test]
fn label_files_that_are_of_no_use_are_set_aside_every_time() {
    let (sandbox, today) = apart();
    backfill(&sandbox, 0);
    let before = known(&sandbox);
    assert_eq!(before.0, Some(200.0 / 300.0));
    let rest = labels(&today.slice(200, 100), 1);
    write_parquet(&sandbox.path("labels/b.parquet"), &[without(&rest, "bought")]);
    write_parquet(&sandbox.path("labels/c.parquet"), &[without(&rest, "id")]);
    sandbox.write("labels/d.parquet", "PAR1 and no more");
    for _ in 0..2 {
        let ran = backfill(&sandbox, 4).json();
        let aside = ran["quarantined"].to_string();
        holds(
            &aside,
            &[
                "labels/b.parquet",
                "no column `bought` of labels",
                "labels/c.parquet",
                "no column `id`",
                "labels/d.parquet",
            ],
        );
        assert_eq!(known(&sandbox), before, "labels of other files count as they did");
    }
    let check = sandbox.expect(4, &format!("{CHECK} --ground-truth labels")).json();
    holds(&check["quarantined"].to_string(), &["labels/b.parquet"]);
    std::fs::remove_dir_all(sandbox.path("labels")).unwrap();
    backfill(&sandbox, 2);
    assert_eq!(known(&sandbox), before, "what was known is kept");
    let elsewhere = "backfill captures --baseline baseline --ground-truth labels --out others --format json";
    let ran = sandbox.expect(4, elsewhere).json();
    holds(&ran["quarantined"].to_string(), &["labels", "no labels are there yet"]);
    let scores = Scores::of_table(&sandbox.path("others"));
    assert_eq!(scores.of(&captures::date(0), "maturity_ratio").value, Some(0.0));
    write_parquet(&sandbox.path("labels/a.parquet"), &[labels(&today.slice(0, 200), 1)]);
    backfill(&sandbox, 0);
    assert_eq!(known(&sandbox), before);
}

#[test]
fn ids_that_are_missing_or_repeated_join_by_the_rule() {
    let (sandbox, today) = apart();
    let ids = today.column_by_name("id").unwrap().as_string::<i32>().clone();
    let some: StringArray = (0..300).map(|row| (row >= 50).then(|| ids.value(row))).collect();
    let plain = without(&with(&today, "id", Arc::new(some)), "bought");
    write_parquet(&sandbox.path("captures/a.parquet"), &[plain.clone(), plain.slice(100, 30)]);
    // The second label of an id counts; of the first hundred, one without a label comes later still.
    let all = labels(&today, 1);
    let wrong: Int64Array =
        today.column_by_name("bought").unwrap().as_primitive::<Int64Type>().unary(|label| 1 - label);
    let wrong = with(&labels(&today, 0), "bought", Arc::new(wrong));
    let none = with(&labels(&today.slice(0, 100), 3), "bought", Arc::new(Int64Array::new_null(100)));
    write_parquet(&sandbox.path("labels/a.parquet"), &[all, wrong, none]);
    let note = backfill(&sandbox, 0).json()["notes"][0].to_string();
    holds(
        &note,
        &[
            "250 predictions have their label, 50 have none yet",
            "300 are repeated",
            "30 predictions repeat an id",
        ],
    );
    let usual = day(0, 300, 0.0).slice(50, 250);
    write_parquet(&sandbox.path("usual/a.parquet"), &[usual]);
    let expected = sandbox.expect(0, &CHECK.replace("captures", "usual")).json();
    let expected = Scores::of_check(&expected);
    assert_eq!(known(&sandbox), (Some(250.0 / 300.0), expected.of("", "accuracy").value));

    // Labels that came before their predictions count, and are counted.
    write_parquet(&sandbox.path("labels/a.parquet"), &[labels(&today, -1)]);
    holds(&backfill(&sandbox, 0).json()["notes"][0].to_string(), &["250 arrived before their prediction"]);
    assert_eq!(known(&sandbox), (Some(250.0 / 300.0), expected.of("", "accuracy").value));
}

#[test]
fn ids_are_names_however_they_look() {
    let (sandbox, today) = apart();
    // `7` and `007` are two records, and `12e1` is no number.
    let name = |row: usize| match row % 3 {
        0 => format!("{row}"),
        1 => format!("00{}", row - 1),
        _ => format!("{row}e1"),
    };
    let named: ArrayRef = Arc::new((0..300).map(|row| Some(name(row))).collect::<StringArray>());
    let renamed = with(&today, "id", named);
    let usual = scores_of(&sandbox, &today);
    write_parquet(&sandbox.path("captures/a.parquet"), &[without(&renamed, "bought")]);
    std::fs::remove_dir_all(sandbox.path("labels")).unwrap();
    let bought = renamed.column_by_name("bought").unwrap().as_primitive::<Int64Type>();
    let lines: String =
        (0..300).map(|row| format!("{},{},2026-03-05\n", name(row), bought.value(row))).collect();
    sandbox.write("labels/a.csv", format!("id,bought,arrived\n{lines}"));
    holds(
        &backfill(&sandbox, 0).json()["notes"][0].to_string(),
        &["300 predictions have their label, 0 have none yet", "0 are repeated"],
    );
    assert_eq!(known(&sandbox), (Some(1.0), usual));
    // Whole numbers are the same ids as doubles.
    let of = |numbers: ArrayRef| with(&today, "id", numbers);
    let whole = of(Arc::new((0..300).map(Some).collect::<Int64Array>()));
    let doubles = of(Arc::new((0..300).map(|row| Some(f64::from(row))).collect::<Float64Array>()));
    write_parquet(&sandbox.path("captures/a.parquet"), &[without(&whole, "bought")]);
    std::fs::remove_file(sandbox.path("labels/a.csv")).unwrap();
    write_parquet(&sandbox.path("labels/a.parquet"), &[labels(&doubles, 1)]);
    backfill(&sandbox, 0);
    assert_eq!(known(&sandbox), (Some(1.0), usual));
    // Where no id is on both sides, one of each is shown.
    let other = with(
        &labels(&whole, 1),
        "id",
        Arc::new((0..300).map(|row| Some(format!("x{row}"))).collect::<StringArray>()),
    );
    write_parquet(&sandbox.path("labels/a.parquet"), &[other]);
    holds(
        &backfill(&sandbox, 0).json()["notes"][0].to_string(),
        &["0 predictions have their label", "a prediction has `0`, a label `x0`"],
    );
    // Times of arrival that are none are told.
    let late = with(&labels(&whole, 1), "arrived", text(vec!["soon"; 300]));
    write_parquet(&sandbox.path("labels/a.parquet"), &[late]);
    holds(&backfill(&sandbox, 4).json().to_string(), &["column `arrived`: none of its values is a time"]);
}

/// The accuracy of a day with its labels in itself.
fn scores_of(sandbox: &Sandbox, today: &RecordBatch) -> Option<f64> {
    write_parquet(&sandbox.path("usual/a.parquet"), std::slice::from_ref(today));
    Scores::of_check(&sandbox.expect(0, &CHECK.replace("captures", "usual")).json()).of("", "accuracy").value
}

#[test]
fn names_of_labels_go_with_the_usual_answers() {
    let sandbox = labelled::with_baseline();
    let today = day(0, 300, 0.0);
    let usual = scores_of(&sandbox, &today);
    let bought = today.column_by_name("bought").unwrap().as_primitive::<Int64Type>().values().to_vec();
    let words = text(bought.iter().map(|label| if *label == 1 { "yes" } else { "no" }));
    sandbox.write("driftscan.toml", format!("{}\n[quality]\npositive = \"yes\"\n", labelled::SETTINGS));
    write_parquet(&sandbox.path("named/a.parquet"), &[with(&today, "bought", words)]);
    sandbox.expect(0, "baseline named --out worded");
    let check = CHECK.replace("captures", "named").replace("--baseline baseline", "--baseline worded");
    let named = Scores::of_check(&sandbox.expect(0, &check).json());
    assert_eq!(named.of("", "accuracy").value, usual);
    // A number is a name too.
    sandbox.write("driftscan.toml", format!("{}\n[quality]\npositive = 1\n", labelled::SETTINGS));
    sandbox.expect(0, "baseline usual --out numbered");
    let check = CHECK.replace("captures", "usual").replace("--baseline baseline", "--baseline numbered");
    assert_eq!(Scores::of_check(&sandbox.expect(0, &check).json()).of("", "accuracy").value, usual);
    // A slip in the name is told.
    sandbox.write("driftscan.toml", format!("{}\n[quality]\npositive = \"Y\"\n", labelled::SETTINGS));
    let told = sandbox.expect(0, "baseline named --out slipped --format json").json()["notes"].to_string();
    holds(&told, &["no label of the baseline is positive (`Y` is positive"]);
}

#[test]
fn labels_that_were_known_are_not_forgotten_for_a_slip() {
    let (sandbox, _) = apart();
    backfill(&sandbox, 0);
    let before = known(&sandbox);
    let run = "backfill captures --baseline baseline --out results";
    holds(
        &sandbox.error(2, &format!("{run} --ground-truth lables")),
        &["ground_truth.captures", "the labels of 1 files", "there are none at", "lables"],
    );
    holds(&sandbox.error(2, run), &["none are named now (--ground-truth URL)", "--out"]);
    assert_eq!((known(&sandbox), before.0), (before, Some(200.0 / 300.0)));
    // One that cannot be read ends the run where that is asked for.
    sandbox.write("labels/b.parquet", "PAR1");
    holds(
        &sandbox.error(3, &format!("{run} --ground-truth labels --on-bad-file fail")),
        &["labels/b.parquet"],
    );
}

#[test]
fn captures_without_ids_are_named_every_time() {
    let (sandbox, today) = apart();
    let plain = without(&today, "bought");
    let renamed = with(&without(&plain, "id"), "key", Arc::clone(plain.column_by_name("id").unwrap()));
    write_parquet(&sandbox.path("captures/renamed.parquet"), std::slice::from_ref(&renamed));
    for _ in 0..2 {
        holds(
            &backfill(&sandbox, 4).json()["quarantined"].to_string(),
            &["captures/renamed.parquet", "no column `id`"],
        );
    }
    let check = sandbox.expect(4, &format!("{CHECK} --ground-truth labels")).json();
    holds(&check["quarantined"].to_string(), &["captures/renamed.parquet", "no column `id`"]);
    let made = sandbox.expect(0, "baseline captures --ground-truth labels --out half --format json").json();
    holds(
        &made["notes"].to_string(),
        &["predictions of captures/renamed.parquet were left out: no column `id`"],
    );
    // None has it: a slip of the pen.
    write_parquet(&sandbox.path("captures/a.parquet"), &[renamed]);
    let line = "backfill captures --baseline baseline --ground-truth labels --out fresh";
    holds(&sandbox.error(2, line), &["column `id` is not known"]);
}

#[test]
fn settings_that_cannot_be_meant_are_errors() {
    let (sandbox, today) = apart();
    let error = |settings: &str, more: &str| {
        sandbox.write("other.toml", settings);
        sandbox
            .error(2, &format!("backfill captures --baseline baseline --out none --config other.toml {more}"))
    };
    let truth = "--ground-truth labels";
    let roles = "[roles]\ntimestamp = \"ts\"\nid = \"id\"\nprediction = \"decided\"\n";
    let label = "label = \"bought\"\n";
    holds(
        &error(roles, truth),
        &["ground_truth.label: no label file has a column `ground_truth`", "`bought`"],
    );
    let no_prediction = format!("{roles}{label}").replace("prediction = \"decided\"\n", "");
    holds(&error(&no_prediction, truth), &["ground_truth", "`prediction` or `probability`"]);
    holds(
        &error(&format!("{roles}{label}").replace("id = \"id\"\n", ""), truth),
        &["joined by the id of predictions", "--id COL"],
    );
    let named = |member: &str| format!("{roles}{label}[ground_truth]\n{member}\n");
    holds(
        &error(&named("label = \"sold\""), truth),
        &["ground_truth.label: no label file has a column `sold`", "`bought`"],
    );
    holds(&error(&named("id = \"key\""), truth), &["ground_truth.id: no label file has a column `key`"]);
    holds(
        &error(&named(""), &format!("{truth} --as-of 2026-03-02")),
        &["ground_truth.arrived", "when each arrived"],
    );
    for (member, setting) in [
        ("[[bias]]\nfacet = \"color\"", "bias.facet"),
        ("[[bias]]\nfacet = \"colour\"\ngroup = \"color\"", "bias.group"),
        ("[quality]\nprobabilities = { a = \"color\" }", "quality.probabilities"),
    ] {
        holds(&error(&format!("{roles}{label}{member}\n"), ""), &["column `color`", setting, "`colour`"]);
    }
    let attributed = format!("{roles}{label}[attribution]\ncolumns = [\"shapes_*\"]\n");
    holds(&error(&attributed, ""), &["attribution.columns", "the baseline has no column `shapes_*`"]);
    let percent = format!("{roles}probability = \"score\"\n{label}[quality]\nthreshold = 50\n");
    holds(&error(&percent, ""), &["quality.threshold: expected a probability, 0 to 1, found 50"]);
    let both = format!("{roles}{label}[[bias]]\nfacet = \"colour\"\ndisadvantaged = [\"red\"]\nabove = 3\n");
    holds(&error(&both, ""), &["facet `colour` has both `disadvantaged` and `above`"]);
    assert!(!sandbox.path("none").exists(), "nothing is left of runs that could not begin");
    drop(today);
}
