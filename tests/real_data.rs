//! What makes real data awkward: a schema that changes midway, a constant that comes alive, a text that looks null.

use crate::{
    sandbox::Sandbox,
    tables::{read, rows, shared},
};

/// The columns that the published table gained on 15 January 2021.
const NEW_COLUMNS: [&str; 6] = [
    "codice_nuts_1",
    "codice_nuts_2",
    "tamponi_test_antigenico_rapido",
    "tamponi_test_molecolare",
    "totale_positivi_test_antigenico_rapido",
    "totale_positivi_test_molecolare",
];

#[test]
fn a_schema_change_is_reported_on_its_day_by_name() {
    let Some(data) = shared("real/italy_covid/regions") else { return };
    let sandbox = Sandbox::new();
    let data = data.display();
    sandbox.expect(0, &format!("baseline {data}/month=2020-* --out base --timestamp data -q"));
    let range = "--from 2021-01-01 --to 2021-03-01";
    sandbox.expect(0, &format!("backfill {data} --baseline base --out results --timestamp data {range} -q"));
    let violations = read(&sandbox.path("results"), "violations");
    let extra = |date: &str| -> Vec<String> {
        let mut names: Vec<_> = rows(&violations)
            .filter(|row| row.text("check") == "extra_column" && row.date() == date)
            .map(|row| row.text("feature").to_owned())
            .collect();
        names.sort();
        names
    };
    assert!(extra("2021-01-14").is_empty());
    assert_eq!(extra("2021-01-15"), NEW_COLUMNS);
    let types: Vec<_> = rows(&violations)
        .filter(|row| row.text("check") == "data_type")
        .map(|row| row.text("description"))
        .collect();
    assert!(types.is_empty(), "null-typed columns say nothing about a type: {types:?}");
}

#[test]
fn naples_is_not_null_and_the_new_category_is_named() {
    let Some(data) = shared("real/italy_covid/provinces") else { return };
    let sandbox = Sandbox::new();
    let data = data.display();
    sandbox.expect(0, &format!("baseline {data}/month=2020-0[345] --out base --timestamp data -q"));
    let range = "--from 2020-06-20 --to 2020-07-01";
    sandbox.expect(0, &format!("backfill {data} --baseline base --out results --timestamp data {range} -q"));
    let histograms = read(&sandbox.path("results"), "histograms");
    let naples = rows(&histograms).filter(|row| {
        row.text("feature") == "sigla_provincia" && row.text("label") == "NA" && row.count("rows") == 1
    });
    assert_eq!(naples.count(), 11, "one row a day");
    let violations = read(&sandbox.path("results"), "violations");
    let named: Vec<_> = rows(&violations)
        .filter(|row| {
            row.text("check") == "categorical_values" && row.text("feature") == "denominazione_provincia"
        })
        .map(|row| (row.date(), row.text("description")))
        .collect();
    assert_eq!(named.first().map(|(date, _)| date.as_str()), Some("2020-06-25"), "{named:?}");
    assert!(named[0].1.contains("`Fuori Regione / Provincia Autonoma`"), "{named:?}");
}

#[test]
fn a_baseline_without_spread_has_a_status_and_no_nan() {
    let Some(data) = shared("real/elec2/predictions.parquet") else { return };
    let sandbox = Sandbox::new();
    let data = data.display();
    sandbox.expect(
        0,
        &format!("baseline {data} --out base --timestamp event_ts --id event_id --to 1996-07-02 -q"),
    );
    let roles = "--timestamp event_ts --id event_id --window 1mo -q";
    sandbox.expect(0, &format!("backfill {data} --baseline base --out results {roles}"));
    let scores = read(&sandbox.path("results"), "scores");
    let mut constant = 0;
    for row in rows(&scores).filter(|row| row.text("feature") == "vicprice") {
        let explained = !["ok", "violated"].contains(&row.text("status"));
        assert!(row.number("value").is_some_and(f64::is_finite) || explained, "{}", row.text("metric"));
        constant += usize::from(row.text("status") == "constant");
        if row.text("metric") == "kolmogorov_smirnov" {
            // Constant until 5 May 1997, alive from then on.
            let expected = if row.date().as_str() < "1997-05-01" { "ok" } else { "violated" };
            assert_eq!(row.text("status"), expected, "{}", row.date());
        }
    }
    assert_eq!(constant, 32, "the distance in standard deviations of a constant, in each of 32 months");
}
