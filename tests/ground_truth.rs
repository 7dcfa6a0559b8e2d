//! Labels that come later and from elsewhere: joined by id, restating the windows concerned and no other.

use std::{collections::BTreeSet, fmt::Write as _, fs};

use serde_json::{Value, json};

use crate::{
    captures,
    labelled::{Scores, joined, parquet},
    rescore::{same, tables},
    sandbox::{Sandbox, holds},
    tables::{read, rows, shared},
};

const EMPLOYMENT: &str = r#"
[roles]
id = "event_id"
timestamp = "event_ts"
label = "employed"
prediction = "prediction"
probability = "predicted_probability"

[windows]
every = "1mo"

[ground_truth]
arrived = "label_ts"

[[bias]]
facet = "SEX"
disadvantaged = ["2"]

[[bias]]
facet = "AGEP"
above = 40

[[bias]]
facet = "RAC1P"
"#;

/// Dates of the tables that differ between two moments.
fn changed(before: &[(String, Vec<u8>)], after: &[(String, Vec<u8>)]) -> BTreeSet<String> {
    let differs = |file: &&(String, Vec<u8>)| !before.contains(file);
    let date = |(name, _): &(String, Vec<u8>)| {
        let rest = name.split("window_date=").nth(1).unwrap();
        rest[..10].to_owned()
    };
    after.iter().filter(differs).map(date).collect()
}

#[test]
fn labels_that_come_month_by_month_restate_their_windows_and_no_other() {
    let Some(data) = shared("real/ma_employment") else { return };
    let sandbox = Sandbox::new();
    sandbox.write("driftscan.toml", EMPLOYMENT);
    let folder = data.display();
    sandbox.expect(0, &format!("baseline {folder}/baseline.parquet --out base -q --features AGEP,SEX,RAC1P"));
    let line = format!("backfill {folder}/predictions/month=2016-0[1234] --baseline base --format json");
    let maturity = |out: &str| -> Vec<f64> {
        let scores = Scores::of_table(&sandbox.path(out));
        let of = |month: i32| scores.of(&format!("2016-{month:02}-01"), "maturity_ratio").value.unwrap();
        (1..=4).map(of).collect()
    };
    /// Maturity by month, and the files of the tables.
    type Seen = (Vec<f64>, Vec<(String, Vec<u8>)>);
    let mut before: Option<Seen> = None;
    for month in 1..=7 {
        let part = format!("label_month=2016-{month:02}/part-0.parquet");
        sandbox.write(&format!("labels/{part}"), fs::read(data.join("labels").join(&part)).unwrap());
        let ran = sandbox.expect(0, &format!("{line} --ground-truth labels --out results")).json();
        let now = (maturity("results"), tables(&sandbox, "results"));
        // What was known at the end of the month is the same from all labels there are, as of then.
        let as_of = format!("--ground-truth {folder}/labels --as-of 2016-{:02}-01", month + 1);
        sandbox.expect(0, &format!("{line} {as_of} --out as-of"));
        same(&sandbox, "results", "as-of");
        if let Some((ripe, files)) = before {
            let restated = now.0.iter().zip(&ripe).zip(1..).filter(|((now, before), _)| now != before);
            let dates: BTreeSet<String> = restated.map(|(_, month)| format!("2016-{month:02}-01")).collect();
            assert_eq!(changed(&files, &now.1), dates, "labels of month {month}");
            assert_eq!(
                ran["windows"]["written"].as_u64(),
                u64::try_from(dates.len()).ok(),
                "{}",
                ran["windows"]
            );
            assert!(now.0.iter().zip(&ripe).all(|(now, before)| now >= before), "labels do not go");
            // Labels come 7 to 45 days after their prediction.
            assert!(dates.len() <= 3 && (month == 7) == dates.is_empty(), "month {month}: {dates:?}");
        }
        println!(
            "labels until month {month}: {:.3?} of the predictions of January to April have theirs",
            now.0
        );
        before = Some(now);
    }
    assert!(before.unwrap().0.iter().all(|ripe| (0.975..0.985).contains(ripe)));
    sandbox.expect(0, &format!("{line} --ground-truth {folder}/labels --out fresh"));
    same(&sandbox, "results", "fresh");
}

/// Windows with a finding of a check, of a feature.
fn found(sandbox: &Sandbox, folder: &str, check: &str, feature: &str) -> BTreeSet<String> {
    let violations = read(&sandbox.path(folder), "violations");
    let is = rows(&violations).filter(|row| row.text("check") == check && row.text("feature") == feature);
    is.map(|row| row.date()).collect()
}

#[test]
fn the_months_of_the_institutions_are_found() {
    let Some(data) = shared("real/ma_employment") else { return };
    let (sandbox, data) = (Sandbox::new(), data.display());
    sandbox.write("driftscan.toml", EMPLOYMENT);
    sandbox.expect(0, &format!("baseline {data}/baseline.parquet --out base -q --features AGEP,SEX,RAC1P"));
    let captures = format!("{data}/predictions/month=201[78]-[01][012] --ground-truth {data}/labels");
    sandbox.expect(0, &format!("backfill {captures} --baseline base --out results -q"));
    let both: BTreeSet<String> = ["2017-12-01", "2018-01-01"].map(str::to_owned).into();
    assert_eq!(found(&sandbox, "results", "model_quality", ""), both, "of 10 months");
    assert_eq!(found(&sandbox, "results", "bias_drift", "SEX"), both, "of 10 months");
    for facet in ["AGEP", "RAC1P"] {
        let months = found(&sandbox, "results", "bias_drift", facet);
        assert!(months.is_superset(&both), "{facet}: {months:?}");
        println!("bias drift by {facet} in {} of 10 months", months.len());
    }
    let scores = Scores::of_table(&sandbox.path("results"));
    let auc = |date: &str| scores.of(date, "auc").value.unwrap();
    assert!((auc("2017-12-01") - 0.83).abs() < 0.005 && (auc("2018-01-01") - 0.85).abs() < 0.005);
    assert!(auc("2017-11-01") > 0.89 && auc("2018-02-01") > 0.89);
}

const MARKET: &str = r#"
[roles]
id = "event_id"
timestamp = "event_ts"
label = "up"
prediction = "up_pred"
probability = "up_prob"

[windows]
every = "1mo"
"#;

#[test]
fn labels_in_the_captures_and_elsewhere_give_the_same() {
    let Some(data) = shared("real/elec2") else { return };
    let sandbox = Sandbox::new();
    sandbox.write("driftscan.toml", MARKET);
    let labels = parquet(&data.join("labels.parquet"));
    let predictions = data.join("predictions.parquet");
    let together = joined(&parquet(&predictions), &labels, "up", true);
    captures::write_parquet(&sandbox.path("together/part.parquet"), &[together]);
    let elsewhere = format!("{} --ground-truth {}/labels.parquet", predictions.display(), data.display());
    for (name, captures) in [("together", "together"), ("elsewhere", elsewhere.as_str())] {
        sandbox.expect(0, &format!("baseline {captures} --out base-{name} --to 1996-06-04 -q"));
        sandbox.expect(0, &format!("backfill {captures} --baseline base-{name} --out out-{name} -q"));
    }
    let of_baseline = |name: &str| fs::read(sandbox.path(&format!("base-{name}/outcomes.parquet"))).unwrap();
    assert!(of_baseline("together") == of_baseline("elsewhere"));
    for table in ["scores", "histograms", "features"] {
        let files = |name: &str| sandbox.files(&format!("out-{name}/{table}"));
        assert_eq!(files("together").len(), 32, "{table}");
        assert!(files("together") == files("elsewhere"), "{table}");
    }
    // From June 1997 to April 1998 the model fails, for the score says something else of the price.
    let months: BTreeSet<String> = (6..=12)
        .map(|m| (1997, m))
        .chain((1..=4).map(|m| (1998, m)))
        .map(|(y, m)| format!("{y}-{m:02}-01"))
        .collect();
    let of_score = found(&sandbox, "out-elsewhere", "concept_drift", "");
    assert!(of_score.is_superset(&months), "{of_score:?}");
    let scores = Scores::of_table(&sandbox.path("out-elsewhere"));
    for month in &months {
        let part = |metric: &str| scores.of(month, metric).value.unwrap();
        let (whole, relation) = (part("loss_change"), part("loss_change_by_relation"));
        let sum = part("loss_change_by_inputs") + relation + part("loss_change_unknown");
        assert!((sum - whole).abs() < 1e-12 && relation > 0.05, "{month}: {sum} {whole} {relation}");
    }
}

/// A line of captured CSV: rows of one number, answered by scores.
fn captured(meta: &Value, rows: &[(f64, f64)]) -> String {
    let side = |text: String| json!({"observedContentType": "text/csv", "mode": "INPUT", "data": text, "encoding": "CSV"});
    let lines =
        |of: fn(&(f64, f64)) -> f64| rows.iter().map(|row| format!("{}\n", of(row))).collect::<String>();
    let data = json!({"endpointInput": side(lines(|row| row.0)), "endpointOutput": side(lines(|row| row.1))});
    format!("{}\n", json!({"captureData": data, "eventMetadata": meta, "eventVersion": "0"}))
}

/// A line of ground truth, as it is uploaded.
fn truth(id: &str, data: &str, encoding: &str) -> String {
    let data = json!({"data": data, "encoding": encoding});
    format!("{}\n", json!({"groundTruthData": data, "eventMetadata": {"eventId": id}, "eventVersion": "0"}))
}

#[test]
fn ground_truth_of_an_endpoint_is_joined_by_inference_id_or_event_id() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "driftscan.toml",
        "[roles]\nprobability = \"score\"\nlabel = \"late\"\n[records]\nnames = [\"score\", \"amount\"]\n",
    );
    let (mut right, mut known) = (0, 0);
    for (day, hour) in (1..=4_u32).flat_map(|day| (0..6).map(move |hour| (day, hour))) {
        let [mut lines, mut csv, mut json] = [const { String::new() }; 3];
        for minute in 0..40_u32 {
            let time = format!("2026-02-{day:02}T{hour:02}:{minute:02}:30Z");
            let id = format!("{day}-{hour}-{minute}");
            let score = |at: u32| f64::from((minute * 7 + at * 3 + hour) % 20) / 20.0 + 0.01;
            let label =
                |at: u32| u32::from((minute * 11 + at).is_multiple_of(3)) ^ u32::from(score(at) >= 0.5);
            // An id that the caller gave counts, else the event's; the label names whichever it is.
            let (meta, key) = match minute % 2 {
                0 => {
                    (json!({"eventId": format!("event-{id}"), "inferenceTime": time}), format!("event-{id}"))
                }
                _ => (
                    json!({"eventId": format!("event-{id}"), "inferenceId": id, "inferenceTime": time}),
                    id.clone(),
                ),
            };
            // Every tenth request has three records, every other one, and some labels never come.
            let records: Vec<u32> = if minute % 10 == 0 { vec![0, 1, 2] } else { vec![0] };
            let of_rows: Vec<(f64, f64)> =
                records.iter().map(|&at| (f64::from(minute % 9), score(at))).collect();
            lines.push_str(&captured(&meta, &of_rows));
            if minute % 10 == 9 {
                continue;
            }
            for &at in &records {
                let id = if at == 0 { key.clone() } else { format!("{key}/{at}") };
                csv.push_str(&truth(&id, &label(at).to_string(), "CSV"));
                known += 1;
                right += u32::from((score(at) >= 0.5) == (label(at) == 1));
            }
            let labels: Vec<Value> = records.iter().map(|&at| json!({"label": label(at)})).collect();
            let data = if labels.len() == 1 { labels[0].clone() } else { json!({"instances": labels}) };
            write!(json, "{}", truth(&key, &data.to_string(), "JSON")).unwrap();
        }
        sandbox.write(&format!("captures/ep/AllTraffic/2026/02/{day:02}/{hour:02}/a.jsonl"), lines);
        // Two days later, by the folder.
        for (folder, text) in [("csv", csv), ("json", json)] {
            sandbox.write(&format!("{folder}/2026/02/{:02}/{hour:02}/labels.jsonl", day + 2), text);
        }
    }
    sandbox.expect(0, "baseline captures --out base --ground-truth csv -q");
    for folder in ["csv", "json"] {
        let line = format!("backfill captures --baseline base --ground-truth {folder} --out {folder}-out");
        let note = sandbox.expect(0, &format!("{line} --format json")).json()["notes"][0].to_string();
        holds(
            &note,
            &[&format!(
                "{known} predictions have their label, 96 have none yet; 0 labels have no prediction"
            )],
        );
        let check =
            format!("check captures --baseline base --ground-truth {folder} --fail-on never --format json");
        let scores = Scores::of_check(&sandbox.expect(0, &check).json());
        let accuracy = scores.of("", "accuracy");
        assert_eq!(accuracy.value, Some(f64::from(right) / f64::from(known)), "{folder}");
        // Of four days, the labels of the first had come by noon of the third, and six hours of no other.
        let early = format!("{check} --as-of 2026-02-03T12:00:00Z");
        let early = Scores::of_check(&sandbox.expect(0, &early).json());
        let (ripe, whole) = (early.of("", "maturity_ratio").value, scores.of("", "maturity_ratio").value);
        assert_eq!(ripe.map(|ripe| ripe * 4.0), whole, "{folder}");
    }
    for table in ["scores", "violations", "windows"] {
        assert!(
            sandbox.files(&format!("csv-out/{table}")) == sandbox.files(&format!("json-out/{table}")),
            "{table}"
        );
    }
}
