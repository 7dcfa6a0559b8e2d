//! Round trips through `memory://`, where nothing touches the disk.

use crate::sandbox::{START, Sandbox, batch, count, parquet_grouped, ready, timed};
use arrow_array::cast::AsArray as _;
use parquet::basic::Compression;
use store::Columns;

#[test]
fn memory_is_one_place_per_store() {
    let sandbox = Sandbox::new();
    let folder = sandbox.location("memory:///in");
    let file = parquet_grouped(&batch(START, 100), 30, Compression::SNAPPY);
    for name in ["day=1/a.parquet", "day=2/a b%.parquet"] {
        sandbox.store.write(&folder.join(name).unwrap(), file.clone()).unwrap();
    }
    let clone = sandbox.store.clone();
    let plan = clone.plan(&folder, &timed(None), &|_| {}).unwrap();
    assert_eq!(ready(&plan), ["memory:///in/day=1/a.parquet", "memory:///in/day=2/a b%.parquet"]);
    assert!(plan.sources[0].source.etag.is_some() && plan.sources[0].source.bytes == file.len() as u64);
    let rows = sandbox.rows(plan, Columns::Only(vec!["x".into(), "day".into()]));
    assert_eq!(count(&rows), 200);
    let last = rows.last().unwrap().as_ref().unwrap();
    assert_eq!(last.schema_ref().fields().len(), 2);
    assert_eq!(last.column(1).as_string::<i32>().value(0), "2");

    assert_eq!(sandbox.store.list_folder(&folder).unwrap(), ["day=1", "day=2"]);
    let one = sandbox.location("memory:///in/day=1/a.parquet");
    assert_eq!(ready(&sandbox.plan(&one.to_string()).unwrap()).len(), 1);
    sandbox.store.delete(&one).unwrap();
    sandbox.store.delete(&one).unwrap();
    assert_eq!(sandbox.store.read(&one).unwrap(), None);
    assert_eq!(clone.list_folder(&folder).unwrap(), ["day=2"]);
    let other = Sandbox::new();
    assert!(other.store.list_folder(&folder).unwrap().is_empty());
}
