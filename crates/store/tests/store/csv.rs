//! Comma-separated captures from file to batches.

use crate::sandbox::{Sandbox, count, quarantine};
use arrow_array::cast::AsArray as _;
use arrow_schema::DataType;
use store::{Columns, PlanOptions, PlanStatus};

#[test]
fn a_late_value_of_another_type_makes_text_not_an_error() {
    let sandbox = Sandbox::new();
    let mut text = "id,late,when,name\r\n".to_owned();
    for i in 0..20_000 {
        let late = if i == 15_000 { "n/a".to_owned() } else { i.to_string() };
        let when = if i == 19_999 { "2021-99-99" } else { "2021-01-01" };
        text += &format!("{i},{late},{when},\"a, b\r\nc\"\r\n");
    }
    sandbox.put("part=x/f.csv", format!("\u{feff}{text}").as_bytes());
    let plan = sandbox.plan_with(".", &PlanOptions::default()).unwrap();
    let source = &plan.sources[0];
    assert_eq!((source.rows, source.tasks.len(), &source.status), (20_000, 1, &PlanStatus::Ready));
    let schema = source.schema.clone().unwrap();
    let kinds: Vec<_> = schema.fields().iter().map(|field| field.data_type().clone()).collect();
    assert_eq!(kinds, [DataType::Int64, DataType::Utf8, DataType::Utf8, DataType::Utf8, DataType::Utf8]);
    let rows = sandbox.rows(plan, Columns::All);
    assert_eq!(count(&rows), 20_000);
    let first = rows[0].as_ref().unwrap();
    assert_eq!((first.schema(), first.num_rows()), (schema, 8_192));
    assert_eq!(first.column(3).as_string::<i32>().value(0), "a, b\r\nc");
    assert_eq!(first.column(4).as_string::<i32>().value(0), "x");
}

#[test]
fn only_an_empty_field_is_null() {
    let sandbox = Sandbox::new();
    sandbox.put("f.csv", b"city,n\nNA,1\n,\nnull,3\n");
    let plan = sandbox.plan_with("f.csv", &PlanOptions::default()).unwrap();
    let rows = sandbox.rows(plan, Columns::Only(vec!["city".into()]));
    let city = rows[0].as_ref().unwrap().column(0);
    assert_eq!(city.as_string::<i32>().iter().collect::<Vec<_>>(), [Some("NA"), None, Some("null")]);
    let plan = sandbox.plan_with("f.csv", &PlanOptions::default()).unwrap();
    let none = sandbox.rows(plan, Columns::Only(vec!["nothing".into()]));
    assert_eq!((count(&none), none[0].as_ref().unwrap().num_columns()), (3, 0));
}

#[test]
fn wrong_files_have_reasons() {
    let cases: [(&[u8], &str); 5] = [
        (b"", "expected a header line, found an empty file"),
        (b"a,b\n1,2\n3\n", "3"),
        (b"a,a\n1,2\n", "found `a` twice"),
        (b"a,b\n\xff,1\n", "`f.csv`: "),
        (b"a,b\n1,2\n", "no column `event_ts`; it has: a, b"),
    ];
    for (content, expected) in cases {
        let sandbox = Sandbox::new();
        sandbox.put("f.csv", content);
        let reason = quarantine(&sandbox.plan("f.csv").unwrap());
        assert!(reason.contains(expected), "{reason}");
    }
}
