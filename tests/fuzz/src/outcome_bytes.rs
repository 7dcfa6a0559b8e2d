//! What a baseline counted of predictions and labels: damaged bytes are as good as none, or a run against them goes through.
//!
//! The bytes of libFuzzer say what is predicted and how the stored counters are damaged.

use std::sync::{Arc, LazyLock};

use arbitrary::{Arbitrary, Unstructured};
use arrow_array::{
    Array, ArrayRef, BinaryArray, Float64Array, Int64Array, RecordBatch, StringArray, cast::AsArray,
};
use monitor::{Attribution, Bias, Location, Quality, Roles, Settings};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::world::{baseline_of, compare_days_of, compare_of, location, store, write_table};

const ROWS: i64 = 60;
/// Two classes, several, a number, an order.
const PROBLEMS: usize = 4;

/// Compares captures with a baseline whose outcomes are damaged.
pub fn run(bytes: &[u8]) {
    static MADE: LazyLock<[Made; PROBLEMS]> = LazyLock::new(|| std::array::from_fn(Made::new));
    let Ok(damage) = Damage::arbitrary_take_rest(Unstructured::new(bytes)) else { return };
    let made = &MADE[usize::from(damage.problem) % PROBLEMS];
    let place = made.baseline.join("outcomes.parquet").unwrap();
    write_table(&place, &made.damaged(&damage));
    if damage.effort == u8::MAX {
        compare_days_of(&made.captures, &made.baseline, &made.settings);
    } else {
        compare_of(&made.captures, &made.baseline, &made.settings);
    }
}

#[derive(Debug, Arbitrary)]
struct Damage {
    problem: u8,
    /// The tables of a run are written for one value only: they take ten times as long.
    effort: u8,
    /// Where, and by what.
    flips: Vec<(u16, u8)>,
    /// Bytes that are cut off.
    short: u8,
}

/// A baseline, and what is compared with it.
struct Made {
    settings: Settings,
    captures: Location,
    baseline: Location,
    /// Its outcomes as they were written.
    sound: RecordBatch,
}

impl Made {
    fn new(problem: usize) -> Self {
        let (captures, baseline) = (location("labelled"), location(&format!("outcomes{problem}")));
        write_table(&captures.join("c.parquet").unwrap(), &rows());
        let settings = settings(problem);
        baseline_of(&captures, &baseline, &settings);
        let place = baseline.join("outcomes.parquet").unwrap();
        let bytes = store().read(&place).unwrap().expect("a baseline with labels");
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
        let schema = Arc::clone(reader.schema());
        let batches: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
        let [batch] = &batches[..] else { panic!("{} batches", batches.len()) };
        let sound = RecordBatch::try_new(schema, batch.columns().to_vec()).unwrap();
        Self { settings, captures, baseline, sound }
    }

    fn damaged(&self, damage: &Damage) -> RecordBatch {
        let stored = self.sound.column(1).as_binary::<i32>();
        let cells = (0..stored.len()).map(|row| {
            let mut bytes = stored.value(row).to_vec();
            for (at, change) in &damage.flips {
                let at = usize::from(*at) % bytes.len();
                bytes[at] ^= change;
            }
            bytes.truncate(bytes.len() - usize::from(damage.short).min(bytes.len() - 1));
            bytes
        });
        let cells: ArrayRef = Arc::new(BinaryArray::from_iter_values(cells));
        RecordBatch::try_new(self.sound.schema(), vec![Arc::clone(self.sound.column(0)), cells]).unwrap()
    }
}

fn settings(problem: usize) -> Settings {
    let name = |name: &str| Some(name.to_owned());
    let (prediction, probability, label) = match problem {
        0 => (None, name("p"), name("l")),
        1 => (name("c"), None, name("d")),
        _ => (name("x"), None, name("l")),
    };
    let quality = match problem {
        1 => Quality {
            probabilities: [("n0", "p"), ("n1", "q")].map(|(a, b)| (a.to_owned(), b.to_owned())).into(),
            positive: name("n0"),
            ..Quality::default()
        },
        2 => Quality { problem: Some(monitor::Problem::Regression), ..Quality::default() },
        3 => Quality { problem: Some(monitor::Problem::Ranking), query: name("c"), ..Quality::default() },
        _ => Quality::default(),
    };
    let bias =
        Bias { facet: "y".to_owned(), group: name("c"), flip_test: vec!["x".to_owned()], ..Bias::default() };
    let attribution = Attribution { columns: vec!["a_*".to_owned()], ..Attribution::default() };
    let roles = Roles { timestamp: name("ts"), prediction, probability, label, ..Roles::default() };
    Settings { roles, quality, bias: vec![bias], attribution, threads: 1, ..Settings::default() }
}

/// Rows of two days, with an answer of each kind.
fn rows() -> RecordBatch {
    let number = |value: &dyn Fn(i64) -> f64| -> ArrayRef {
        Arc::new((0..ROWS).map(|row| (row % 11 > 0).then(|| value(row))).collect::<Float64Array>())
    };
    let names = |classes: i64| -> ArrayRef {
        Arc::new((0..ROWS).map(|row| Some(format!("n{}", row * 7 % 10 % classes))).collect::<StringArray>())
    };
    let columns: [(&str, ArrayRef); 10] = [
        ("ts", Arc::new(Int64Array::from_iter_values((0..ROWS).map(|row| 1_356_998_400 + row * 2_400)))),
        ("x", number(&|row| row as f64 / 4.0)),
        ("y", names(3)),
        ("p", number(&|row| (row % 10) as f64 / 10.0)),
        ("q", number(&|row| 1.0 - (row % 10) as f64 / 10.0)),
        ("l", number(&|row| f64::from(u8::from(row % 3 > 0)))),
        ("c", names(2)),
        ("d", names(2)),
        ("a_x", number(&|row| (row % 5) as f64 - 2.0)),
        ("a_y", number(&|row| (row % 7) as f64 - 3.0)),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true))).unwrap()
}
