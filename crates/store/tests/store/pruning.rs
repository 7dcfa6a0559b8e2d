//! What a plan leaves out, by folders and by statistics, and the order of what it keeps.

use crate::sandbox::{
    DAY, HOUR, START, Sandbox, batch, no_rows, parquet, parquet_grouped, quarantine, ready, time_column,
    timed,
};
use arrow_array::{
    ArrayRef, Date32Array, Date64Array, Int64Array, StringArray, TimestampMicrosecondArray,
    TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray,
};
use parquet::basic::Compression;
use std::sync::Arc;
use store::{PlanOptions, PlanStatus};

#[test]
fn folders_prune_with_a_day_of_slack() {
    let sandbox = Sandbox::new();
    for day in 1..=9 {
        // Not Parquet: what is pruned is not opened.
        sandbox.put(&format!("in/year=2013/month=01/day={day:02}/f.parquet"), b"junk");
    }
    sandbox.put("in/year=2013/month=x/f.parquet", b"junk");
    let plan = sandbox.plan_range("in", START + 4 * DAY, START + 5 * DAY);
    let opened = plan.sources.iter().filter(|source| matches!(source.status, PlanStatus::Quarantined(_)));
    let opened: Vec<_> = opened.map(|source| source.source.path.as_str()).collect();
    let expected = [
        "in/year=2013/month=01/day=04/f.parquet",
        "in/year=2013/month=01/day=05/f.parquet",
        "in/year=2013/month=01/day=06/f.parquet",
        "in/year=2013/month=x/f.parquet",
    ];
    assert_eq!(opened, expected);
    let PlanStatus::OutsideRange(reason) = &plan.sources[0].status else { panic!("{:?}", plan.sources[0]) };
    assert_eq!(
        reason,
        "expected times from 2013-01-05T00:00:00Z to before 2013-01-06T00:00:00Z, \
         found folders that name 2013-01-01T00:00:00Z to before 2013-01-02T00:00:00Z"
    );
}

#[test]
fn statistics_prune_files_and_row_groups() {
    let sandbox = Sandbox::new();
    sandbox.put("in/january.parquet", &parquet_grouped(&batch(START, 240), 24, Compression::SNAPPY));
    sandbox.put("in/later.parquet", &parquet(&batch(START + 40 * DAY, 24)));
    sandbox.put("in/none.parquet", &no_rows());
    let plan = sandbox.plan_range("in", START + 2 * DAY, START + 4 * DAY);
    let named = |name: &str| plan.sources.iter().find(|source| source.source.path.ends_with(name)).unwrap();
    let january = named("january.parquet");
    assert_eq!(january.status, PlanStatus::Ready);
    assert_eq!(january.tasks.iter().map(|task| task.row_group).collect::<Vec<_>>(), [2, 3]);
    assert_eq!((january.rows, january.time), (240, Some((START, START + 239 * HOUR))));
    assert_eq!(january.tasks[0].time, Some((START + 2 * DAY, START + 2 * DAY + 23 * HOUR)));
    assert!(january.tasks.iter().all(|task| task.rows == 24 && task.bytes > 0));
    let PlanStatus::OutsideRange(reason) = &named("later.parquet").status else { panic!() };
    assert!(reason.contains("found 2013-02-10T00:00:00Z to 2013-02-10T23:00:00Z"), "{reason}");
    assert_eq!(named("none.parquet").status, PlanStatus::Ready);
    assert_eq!((named("none.parquet").rows, named("none.parquet").tasks.len()), (0, 0));
    // Half-open: the end is outside, the last instant before it is not.
    let at = |from, to| ready(&sandbox.plan_range("in/later.parquet", from, to)).len();
    assert_eq!(at(START, START + 40 * DAY), 0);
    assert_eq!(at(START, START + 40 * DAY + 1), 1);
    assert_eq!(at(START + 40 * DAY + 23 * HOUR, START + 99 * DAY), 1);
    assert_eq!(at(START + 40 * DAY + 23 * HOUR + 1, START + 99 * DAY), 0);
}

#[test]
fn times_of_every_type() {
    let days = START / DAY;
    let cases: Vec<(ArrayRef, Option<(i64, i64)>)> = vec![
        (
            Arc::new(TimestampSecondArray::from(vec![START / 1_000_000]).with_timezone("+05:00")),
            Some((START, START)),
        ),
        (
            Arc::new(TimestampMillisecondArray::from(vec![START / 1_000]).with_timezone("UTC")),
            Some((START, START)),
        ),
        (
            Arc::new(TimestampNanosecondArray::from(vec![START * 1_000]).with_timezone("UTC")),
            Some((START, START)),
        ),
        (Arc::new(TimestampNanosecondArray::from(vec![-1]).with_timezone("UTC")), Some((-1, -1))),
        (
            Arc::new(TimestampMicrosecondArray::from(vec![Some(START), None])),
            Some((START - DAY, START + DAY)),
        ),
        (Arc::new(Date32Array::from(vec![i32::try_from(days).unwrap()])), Some((START - DAY, START + DAY))),
        (Arc::new(Date64Array::from(vec![START / 1_000])), Some((START - DAY, START + DAY))),
        (Arc::new(TimestampSecondArray::from(vec![i64::MAX]).with_timezone("UTC")), None),
        (Arc::new(TimestampMicrosecondArray::from(vec![None::<i64>]).with_timezone("UTC")), None),
        (Arc::new(Int64Array::from(vec![START])), Some((START, START))),
        (Arc::new(Int64Array::from(vec![START / 1_000, START / 1_000])), Some((START, START))),
        (Arc::new(Int64Array::from(vec![START / 1_000_000, START / 1_000])), None),
        (Arc::new(Int64Array::from(vec![17])), None),
        (Arc::new(StringArray::from(vec!["2013-01-01"])), None),
    ];
    for (array, expected) in cases {
        let sandbox = Sandbox::new();
        let kind = array.data_type().clone();
        sandbox.put("f.parquet", &parquet(&time_column(array)));
        let plan = sandbox.plan("f.parquet").unwrap();
        assert_eq!((plan.sources[0].time, &plan.sources[0].status), (expected, &PlanStatus::Ready), "{kind}");
        let far = sandbox.plan_range("f.parquet", START + 900 * DAY, START + 901 * DAY);
        assert_eq!(ready(&far).len(), usize::from(expected.is_none()), "{kind}");
    }
}

#[test]
fn int96_has_no_statistics_and_is_kept() {
    let sandbox = Sandbox::new();
    sandbox.put("f.parquet", include_bytes!("../data/int96.parquet"));
    let plan = sandbox.plan_range("f.parquet", 0, 1);
    assert_eq!((plan.sources[0].rows, plan.sources[0].time, ready(&plan).len()), (200, None, 1));
}

#[test]
fn the_order_does_not_depend_on_the_listing() {
    let sandbox = Sandbox::new();
    let location = sandbox.location("memory:///in");
    let names: Vec<_> = (0..40).map(|i| format!("{:02}.parquet", (i * 17) % 40)).collect();
    for (i, name) in names.iter().enumerate() {
        let hours = i64::try_from(i % 5).unwrap() * HOUR;
        let content = parquet(&batch(START + hours, 2));
        sandbox.put(&format!("in/{name}"), &content);
        sandbox.store.write(&location.join(name).unwrap(), content).unwrap();
    }
    sandbox.put("in/unknown.parquet", &parquet(&time_column(Arc::new(Int64Array::from(vec![1])))));
    let plan = sandbox.plan("in").unwrap();
    let keys: Vec<_> = plan.sources.iter().map(|s| (s.time.map(|t| t.0), s.source.path.clone())).collect();
    assert!(keys.is_sorted());
    assert_eq!(keys[0].1, "in/unknown.parquet");
    assert_eq!(ready(&plan), ready(&sandbox.plan("in").unwrap()));
    let names = |plan: &store::Plan| -> Vec<_> {
        ready(plan).iter().map(|path| path.rsplit('/').next().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&plan)[1..], names(&sandbox.plan("memory:///in").unwrap()));
}

#[test]
fn equal_schemas_are_shared() {
    let sandbox = Sandbox::new();
    for i in 0..5 {
        sandbox.put(&format!("in/region={i}/f.parquet"), &parquet(&batch(START, 2)));
    }
    let plan = sandbox.plan("in").unwrap();
    let schemas: Vec<_> = plan.sources.iter().map(|source| source.schema.clone().unwrap()).collect();
    assert!(schemas.iter().all(|schema| Arc::ptr_eq(schema, &schemas[0])));
    let names: Vec<_> = schemas[0].fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(names, ["event_ts", "x", "s", "region"]);
}

#[test]
fn a_missing_timestamp_sets_a_file_aside() {
    let sandbox = Sandbox::new();
    sandbox.put("f.parquet", &parquet(&batch(START, 2)));
    let options = PlanOptions { timestamp: Some("ts".to_owned()), ..PlanOptions::default() };
    let reason = quarantine(&sandbox.plan_with("f.parquet", &options).unwrap());
    assert_eq!(reason, "`f.parquet`: no column `ts`; it has: event_ts, x, s");
    let plan = sandbox.plan_with("f.parquet", &PlanOptions::default()).unwrap();
    assert_eq!((plan.sources[0].time, ready(&plan).len()), (None, 1));
    assert_eq!(ready(&sandbox.plan_with("f.parquet", &timed(None)).unwrap()).len(), 1);
}
