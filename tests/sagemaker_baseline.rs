//! `baseline --compat sagemaker` against the files that Model Monitor's analyzer wrote for the same rows.

use serde_json::Value;

use crate::{sandbox::Sandbox, tables::shared};

/// The baseline of the churn data that real jobs made, with what we make of it: statistics, then constraints.
struct Churn {
    theirs: [Value; 2],
    sandbox: Sandbox,
    data: String,
}

impl Churn {
    /// `None`, and a line that says so, where the files of real jobs are not beside the workspace.
    fn new() -> Option<Self> {
        let folder = shared("model-monitor/churn")?;
        let read = |name: &str| {
            let document = std::fs::read(folder.join("baseline").join(name)).unwrap();
            serde_json::from_slice(&document).unwrap()
        };
        let theirs = [read("statistics.first-29-features.json"), read("constraints.json")];
        let data = folder.join("training-dataset-with-header.csv").display().to_string();
        Some(Self { theirs, sandbox: Sandbox::new(), data })
    }

    fn make(&self, flags: &str) -> [Value; 2] {
        self.sandbox.expect(0, &format!("baseline {} --out base -q {flags}", self.data));
        ["statistics.json", "constraints.json"].map(|name| {
            serde_json::from_slice(&std::fs::read(self.sandbox.path("base").join(name)).unwrap()).unwrap()
        })
    }
}

fn features(document: &Value) -> &[Value] {
    document["features"].as_array().unwrap()
}

/// Names of members in their order, of an object and all that it holds.
fn members(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                found.push(name.clone());
                members(value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| members(item, found)),
        _ => {}
    }
}

#[test]
fn constraints_are_those_of_the_real_container() {
    let Some(churn) = Churn::new() else { return };
    let [_, mut ours] = churn.make("--compat sagemaker");
    assert_eq!(features(&ours).len(), 70);
    for feature in ours["features"].as_array_mut().unwrap() {
        assert!(feature.as_object_mut().unwrap().remove("driftscan").is_some());
    }
    let theirs = &churn.theirs[1];
    for (ours, theirs) in features(&ours).iter().zip(features(theirs)) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(&ours, theirs);
    let order = [&ours, theirs].map(|document| {
        let mut found = Vec::new();
        members(document, &mut found);
        found
    });
    assert_eq!(order[0], order[1]);
}

#[test]
fn statistics_are_those_of_the_real_container() {
    let Some(churn) = Churn::new() else { return };
    let [mut ours, _] = churn.make("--compat sagemaker");
    ours["features"].as_array_mut().unwrap().truncate(29);
    let theirs = &churn.theirs[0];
    for (ours, theirs) in features(&ours).iter().zip(features(theirs)) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(&ours, theirs);
    let order = [&ours, theirs].map(|document| {
        let mut found = Vec::new();
        members(document, &mut found);
        found
    });
    assert_eq!(order[0], order[1]);
}

/// Rows by bucket as they are, where the sketch of 2,333 rows only has them nearly.
#[test]
fn without_compat_buckets_are_exact() {
    let Some(churn) = Churn::new() else { return };
    let [ours, _] = churn.make("");
    let text = std::fs::read_to_string(&churn.data).unwrap();
    let rows: Vec<Vec<f64>> =
        text.lines().skip(1).map(|row| row.split(',').map(|x| x.parse().unwrap()).collect()).collect();
    let mut differ = 0;
    for (column, feature) in features(&ours).iter().enumerate() {
        let buckets = |document: &Value| -> Vec<[f64; 3]> {
            let kll = &document["numerical_statistics"]["distribution"]["kll"];
            let number = |bucket: &Value, key: &str| bucket[key].as_f64().unwrap();
            let keys = ["lower_bound", "upper_bound", "count"];
            kll["buckets"].as_array().unwrap().iter().map(|b| keys.map(|key| number(b, key))).collect()
        };
        let found = buckets(feature);
        for (index, [lower, upper, count]) in found.iter().enumerate() {
            let within = |x: f64| *lower <= x && (x < *upper || index == 9);
            let exact = rows.iter().filter(|row| within(row[column])).count();
            assert_eq!(*count, exact as f64, "{}", feature["name"]);
        }
        if let Some(theirs) = features(&churn.theirs[0]).get(column) {
            differ += usize::from(buckets(theirs) != found);
        }
    }
    assert!(differ > 5, "the sketch's counts are exact in all but {differ} features");
}

#[test]
fn types_follow_the_text_of_values() {
    let sandbox = Sandbox::new();
    let text = "whole,point,mixed,day,flag,none,nan,short\n1,1.0,1,2020-01-01,true,,1.5,.5\n2,2.5,x,2020-01-02,false,,NaN,5\n";
    sandbox.write("data.csv", text);
    sandbox.write("driftscan.toml", "[monitor]\ncompat = \"sagemaker\"\n");
    let made = sandbox.expect(0, "baseline data.csv --out base -q --format json").json();
    let types = |document: &Value| -> Vec<(String, String)> {
        let text = |feature: &Value, key: &str| feature[key].as_str().unwrap().to_owned();
        features(document).iter().map(|f| (text(f, "name"), text(f, "inferred_type"))).collect()
    };
    let expected = [
        ("whole", "Integral"),
        ("point", "Fractional"),
        ("mixed", "String"),
        ("day", "String"),
        ("flag", "String"),
        ("none", "Unknown"),
        ("nan", "Fractional"),
        ("short", "Fractional"),
    ];
    let expected = expected.map(|(name, inferred)| (name.to_owned(), inferred.to_owned()));
    assert_eq!(types(&made), expected);
    for name in ["statistics.json", "constraints.json"] {
        let document = std::fs::read(sandbox.path("base").join(name)).unwrap();
        assert_eq!(types(&serde_json::from_slice(&document).unwrap()), expected, "{name}");
    }
    // Without it a date is a number.
    sandbox.write("driftscan.toml", "");
    let made = sandbox.expect(0, "baseline data.csv --out base -q --format json").json();
    assert_eq!(types(&made)[3].1, "Fractional");
}

/// What depends on the order of rows depends on their files and not on threads; and windows have it too.
#[test]
fn threads_and_runs_change_nothing() {
    let sandbox = Sandbox::new();
    let mut files = Vec::new();
    for day in 1..=6_u32 {
        let mut text = "at,x,name\n".to_owned();
        for row in 0..3_000_u32 {
            let mixed = (row * 48_271 + day * 7_919) % 65_537;
            text += &format!("2024-03-{day:02}T{:02}:00:00,{}.5,n{}\n", row % 24, mixed, mixed % 5);
        }
        let name = format!("data/{day}.csv");
        sandbox.write(&name, &text);
        files.push(text);
    }
    let made = |threads: u32| {
        let out = format!("t{threads}");
        let flags = "--timestamp at --compat sagemaker -q";
        sandbox.expect(0, &format!("baseline data --out {out}/base --threads {threads} {flags}"));
        let run = format!("backfill data --baseline {out}/base --timestamp at -q");
        sandbox.expect(0, &format!("{run} --out {out}/results --window 1d --threads {threads}"));
        let profiles = sandbox.path(&format!("{out}/results/profiles/window_date=2024-03-03/part.parquet"));
        (sandbox.files(&format!("{out}/base")), std::fs::read(profiles).unwrap())
    };
    let (one, four) = (made(1), made(4));
    assert!(one == four, "other bytes with other threads");
    let document: Value =
        serde_json::from_slice(&one.0.iter().find(|f| f.0 == "statistics.json").unwrap().1).unwrap();
    let x = features(&document).iter().find(|feature| feature["name"] == "x").unwrap();
    let data = &x["numerical_statistics"]["distribution"]["kll"]["sketch"]["data"];
    let mut merged = sketch_of(&files[0]);
    files[1..].iter().for_each(|text| merged.merge(&sketch_of(text)));
    assert_eq!(data, &serde_json::to_value(merged.levels()).unwrap(), "files in their order");
}

fn sketch_of(text: &str) -> sketch::Kll {
    let mut sketch = sketch::Kll::default();
    text.lines().skip(1).for_each(|row| sketch.observe(row.split(',').nth(1).unwrap().parse().unwrap()));
    sketch
}
