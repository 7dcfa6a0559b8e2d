//! Lines of captured requests a second: three parsers on the line alone, and the whole way to batches of typed columns.
//!
//! The parsers find id, time and both texts of a line, as the first step of the whole way does. `just bench records`.

#![expect(clippy::unwrap_used, reason = "the inputs are our own")]

use std::{borrow::Cow, fmt::Write as _, hint::black_box, sync::Arc, time::Duration};

use criterion::{Criterion, Throughput};
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64;
use serde::Deserialize;
use store::{Columns, Location, PlanOptions, Store};

/// Lines of a file.
const LINES: usize = 20_000;
/// Values of a request.
const VALUES: usize = 40;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    #[serde(borrow)]
    capture_data: Captured<'a>,
    #[serde(borrow)]
    event_metadata: Event<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Captured<'a> {
    #[serde(borrow)]
    endpoint_input: Side<'a>,
    #[serde(borrow)]
    endpoint_output: Side<'a>,
}

#[derive(Deserialize)]
struct Side<'a> {
    #[serde(borrow)]
    data: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    #[serde(borrow)]
    event_id: Cow<'a, str>,
    #[serde(borrow)]
    inference_time: Cow<'a, str>,
}

impl Line<'_> {
    fn bytes(&self) -> usize {
        let Captured { endpoint_input, endpoint_output } = &self.capture_data;
        endpoint_input.data.len()
            + endpoint_output.data.len()
            + self.event_metadata.event_id.len()
            + self.event_metadata.inference_time.len()
    }
}

/// A file of captures.
fn captures(json: bool) -> String {
    let mut random = Pcg64::seed_from_u64(7);
    let mut text = String::new();
    for line in 0..LINES {
        let mut request = String::new();
        for value in 0..VALUES {
            let number = random.random_range(0..10_000_u32);
            let shown = match value % 4 {
                0 => number.to_string(),
                1 => (f64::from(number) / 1000.0 - 5.0).to_string(),
                2 => u32::from(number < 1000).to_string(),
                _ => ["red", "green", "blue", "white"][number as usize % 4].to_owned(),
            };
            let quote = if json && value % 4 == 3 { "\\\"" } else { "" };
            let comma = if value == 0 { "" } else { "," };
            let _ = if json {
                write!(request, "{comma}\\\"f{value}\\\":{quote}{shown}{quote}")
            } else {
                write!(request, "{comma}{shown}")
            };
        }
        let (open, close, kind, encoding) =
            if json { ("{", "}", "application/json", "JSON") } else { ("", "", "text/csv", "CSV") };
        let (hour, minute, second) = (line / 3600 % 24, line / 60 % 60, line % 60);
        let _ = writeln!(
            text,
            r#"{{"captureData":{{"endpointInput":{{"observedContentType":"{kind}","mode":"INPUT","data":"{open}{request}{close}","encoding":"{encoding}"}},"endpointOutput":{{"observedContentType":"{kind}","mode":"OUTPUT","data":"0.5","encoding":"{encoding}"}}}},"eventMetadata":{{"eventId":"{line:032x}","inferenceTime":"2026-02-03T{hour:02}:{minute:02}:{second:02}Z"}},"eventVersion":"0"}}"#
        );
    }
    text
}

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .sample_size(10)
        .configure_from_args();
    for (name, json) in [("csv", false), ("json", true)] {
        let text = captures(json);
        let lines: Vec<&str> = text.lines().collect();
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(lines.len() as u64));
        group.bench_function("serde_json", |bencher| {
            bencher.iter(|| {
                let parse = |line: &&str| serde_json::from_str::<Line<'_>>(line).unwrap().bytes();
                black_box(lines.iter().map(parse).sum::<usize>())
            });
        });
        group.bench_function("simd_json", |bencher| {
            let mut buffers = simd_json::Buffers::default();
            let mut copy = Vec::new();
            bencher.iter(|| {
                let mut bytes = 0;
                for line in &lines {
                    // It parses in place.
                    copy.clear();
                    copy.extend_from_slice(line.as_bytes());
                    let line: Line<'_> =
                        simd_json::serde::from_slice_with_buffers(&mut copy, &mut buffers).unwrap();
                    bytes += line.bytes();
                }
                black_box(bytes)
            });
        });
        group.bench_function("sonic_rs", |bencher| {
            bencher.iter(|| {
                let parse = |line: &&str| sonic_rs::from_str::<Line<'_>>(line).unwrap().bytes();
                black_box(lines.iter().map(parse).sum::<usize>())
            });
        });
        group.bench_function("batches", |bencher| {
            let store = Store::new(2).unwrap();
            let place = Location::parse("memory:///captures/a.jsonl", "/".as_ref()).unwrap();
            store.write(&place, text.clone().into_bytes()).unwrap();
            let plan = Arc::new(store.plan(&place, &PlanOptions::default(), &|_| ()).unwrap());
            bencher.iter(|| {
                let mut rows = 0;
                for task in store.scan(&plan, Columns::All, 1 << 30) {
                    rows += task.batches(None).map(|batch| batch.unwrap().num_rows()).sum::<usize>();
                }
                assert_eq!(rows, LINES);
            });
        });
    }
    criterion.final_summary();
}
