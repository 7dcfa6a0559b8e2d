//! Attributions in one list a row, end to end.

use std::{collections::BTreeMap, sync::Arc};

use arrow_array::{Array, ArrayRef, Float64Array, ListArray, RecordBatch, cast::AsArray, types::Float64Type};

use crate::{
    captures,
    labelled::parquet,
    sandbox::{Sandbox, holds},
    tables::{read, rows, shared},
};

const ROLES: &str =
    "[roles]\nid = \"event_id\"\ntimestamp = \"event_ts\"\n[windows]\nevery = \"1mo\"\n[attribution]\n";

/// Columns of attributions as one column of lists.
fn as_lists(table: &RecordBatch, names: &[String]) -> RecordBatch {
    let number = |name: &String| table.column_by_name(name).unwrap().as_primitive::<Float64Type>().clone();
    let columns: Vec<Float64Array> = names.iter().map(number).collect();
    let value = |row: usize, column: &Float64Array| column.is_valid(row).then(|| column.value(row));
    let items = |row: usize| Some(columns.iter().map(move |column| value(row, column)).collect::<Vec<_>>());
    let lists = ListArray::from_iter_primitive::<Float64Type, _, _>((0..table.num_rows()).map(items));
    let id = |name: &str| Arc::clone(table.column_by_name(name).unwrap());
    let columns: Vec<(&str, ArrayRef)> =
        vec![("event_id", id("event_id")), ("event_ts", id("event_ts")), ("shap", Arc::new(lists))];
    RecordBatch::try_from_iter(columns).unwrap()
}

/// Values by window, feature and metric.
fn importances(sandbox: &Sandbox, results: &str) -> BTreeMap<[String; 3], (Option<f64>, String)> {
    let scores = read(&sandbox.path(results), "scores");
    let found = rows(&scores).filter(|row| row.text("family") == "attribution");
    let found = found.map(|row| {
        let key = [row.date(), row.text("feature").to_owned(), row.text("metric").to_owned()];
        (key, (row.number("value"), row.text("status").to_owned()))
    });
    found.collect()
}

#[test]
fn lists_are_as_columns() {
    let Some(data) = shared("real/nyc_flights_2013/attributions.parquet") else { return };
    let (sandbox, table) = (Sandbox::new(), parquet(&data));
    let names: Vec<String> = table.schema_ref().fields().iter().map(|field| field.name().clone()).collect();
    let names: Vec<String> = names.into_iter().filter(|name| name.starts_with("attr_")).collect();
    captures::write_parquet(&sandbox.path("lists.parquet"), &[as_lists(&table, &names)]);
    let run = |data: &str, out: &str| {
        sandbox.expect(0, &format!("baseline {data} --out {out}-base --to 2013-02-01 -q"));
        sandbox.expect(0, &format!("backfill {data} --baseline {out}-base --out {out} -q"));
        importances(&sandbox, out)
    };
    sandbox.write("driftscan.toml", format!("{ROLES}columns = [\"attr_*\"]\n"));
    let columns = run(&data.display().to_string(), "columns");
    let features: Vec<&str> = names.iter().map(|name| name.strip_prefix("attr_").unwrap()).collect();
    for pattern in ["shap", "shap.*"] {
        sandbox
            .write("driftscan.toml", format!("{ROLES}columns = [\"{pattern}\"]\nfeatures = {features:?}\n"));
        let lists = run("lists.parquet", if pattern == "shap" { "lists" } else { "items" });
        assert_eq!(lists, columns, "{pattern}");
    }
    println!("attributions in lists: {} values as in columns", columns.len());
    assert!(columns.len() > 600, "{}", columns.len());
    // Without names, by number.
    sandbox.write("driftscan.toml", format!("{ROLES}columns = [\"shap\"]\n"));
    let numbered = run("lists.parquet", "numbered");
    let of = |values: &BTreeMap<[String; 3], (Option<f64>, String)>, feature: &str| {
        values[&["2013-07-01".to_owned(), feature.to_owned(), "importance".to_owned()]].0.unwrap()
    };
    assert_eq!(of(&numbered, "3").to_bits(), of(&columns, features[3]).to_bits());
    // What cannot be is said.
    sandbox.write("driftscan.toml", format!("{ROLES}columns = [\"shap\"]\nfeatures = [\"a\", \"b\"]\n"));
    let error = sandbox.expect(2, "backfill lists.parquet --baseline lists-base --out none -q").error();
    let expected =
        format!("2 names for {} columns of attributions in the baseline (shap.0, shap.1", names.len());
    holds(&error, &["attribution.features", &expected]);
    sandbox.write("driftscan.toml", format!("{ROLES}columns = [\"shop\"]\n"));
    let error = sandbox.expect(2, "baseline lists.parquet --out none -q").error();
    holds(&error, &["shop", "shap"]);
}
