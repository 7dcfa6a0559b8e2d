//! Captured requests from outside: any bytes are records and lines that are left out, never a panic, and no line is both.

use std::sync::Arc;

use store::{Columns, EVENT_TIME, OutputsAt, PlanOptions, PlanStatus, RecordOptions};

use crate::world::{location, store};

/// Reads bytes as each kind of file that holds captures. The first byte chooses the options.
pub fn run(bytes: &[u8]) {
    let Some((&choice, content)) = bytes.split_first() else { return };
    let mut records = RecordOptions::default();
    if choice & 1 != 0 {
        records.names = ["a", "b", "c"].map(str::to_owned).to_vec();
    }
    if choice & 2 != 0 {
        records.outputs = OutputsAt::End;
    }
    if choice & 4 != 0 {
        records.select = vec![("s".to_owned(), "input.a[0] || output".to_owned())];
    }
    let options = PlanOptions { timestamp: Some(EVENT_TIME.to_owned()), records, ..PlanOptions::default() };
    for name in ["a.jsonl", "2026/02/03/04/a.json", "a.csv.out"] {
        let place = location(&format!("records/{name}"));
        store().write(&place, content.to_vec()).unwrap();
        let plan = store().plan(&place, &options, &|_| {}).unwrap();
        if let PlanStatus::Quarantined(reason) = &plan.sources[0].status {
            // A manifest that names what is not there.
            assert!(name.ends_with(".json") && !reason.contains("the decoder stopped"), "{reason}");
            continue;
        }
        for task in store().scan(&Arc::new(plan), Columns::All, 1 << 20) {
            let mut rows = 0;
            let mut schema = None;
            for batch in task.batches(None) {
                let batch = batch.unwrap();
                rows += batch.num_rows();
                let same = schema.get_or_insert_with(|| batch.schema());
                assert_eq!(*same, batch.schema());
            }
            let left_out = task.left_out();
            assert!(left_out.count() <= left_out.lines && left_out.first.len() <= 3);
            assert!(rows > 0 || left_out.count() == left_out.lines, "{left_out:?}");
        }
    }
}
