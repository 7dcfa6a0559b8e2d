//! Captures and labels that are added to those that were joined before: only what is concerned is read again, and what comes out
//! is what a run from scratch makes of all of them.

use std::{
    fs,
    process::Stdio,
    sync::Arc,
    thread,
    time::{Duration, SystemTime},
};

use arrow_array::{
    Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    cast::AsArray as _,
    types::{Int64Type, TimestampMicrosecondType},
};

use serde_json::Value;

use crate::{
    captures::{self, without, write_parquet},
    labelled,
    rescore::same,
    sandbox::{Sandbox, holds},
};

const LINE: &str = "backfill captures --baseline baseline --ground-truth labels --format json";

/// Days that captures are of.
const DAYS: i64 = 8;
/// Records of a day.
const ROWS: usize = 120;

/// The same numbers each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }

    fn day(&mut self) -> i64 {
        i64::try_from(self.below(usize::try_from(DAYS).unwrap())).unwrap()
    }
}

fn sandbox() -> Sandbox {
    let sandbox = labelled::with_baseline();
    let settings = format!("{}\n[ground_truth]\narrived = \"arrived\"\n", labelled::SETTINGS);
    sandbox.write("driftscan.toml", settings);
    sandbox
}

/// Records of a day, of which some repeat ids of other days, and some have none.
fn records(chance: &mut Chance, day: i64) -> RecordBatch {
    let records = without(&labelled::day(day, ROWS, 0.1), "bought").slice(chance.below(ROWS / 2), ROWS / 2);
    let other = chance.day();
    let (repeated, missing) = (chance.below(3), chance.below(40));
    let ids: StringArray = records.column_by_name("id").unwrap().as_string::<i32>().clone();
    let ids = ids.iter().enumerate().map(|(row, id)| match row {
        _ if row == missing => None,
        _ if row < repeated * 3 => Some(format!("{other}-{}", 7 * row)),
        _ => id.map(str::to_owned),
    });
    captures::with(&records, "id", Arc::new(ids.collect::<StringArray>()))
}

/// Labels of some records of some days, with repeats, ties, and some without an id.
fn labels(chance: &mut Chance) -> RecordBatch {
    let (day, rows) = (chance.day(), ROWS / 3);
    let all = labelled::labels(&labelled::day(day, ROWS, 0.1), 1).slice(chance.below(ROWS - rows), rows);
    let column = |name: &str| all.column_by_name(name).unwrap();
    let labels = column("bought").as_primitive::<Int64Type>().values().to_vec();
    let labels: Int64Array =
        labels.iter().map(|label| Some(if chance.below(4) == 0 { 1 - label } else { *label })).collect();
    let times = column("arrived").as_primitive::<TimestampMicrosecondType>().values().to_vec();
    let times = times.iter().map(|time| match chance.below(4) {
        0 => time - 3 * captures::DAY,
        1 => captures::START + 5 * captures::DAY,
        _ => *time,
    });
    let times = TimestampMicrosecondArray::from_iter_values(times.collect::<Vec<_>>()).with_timezone("UTC");
    let ids: StringArray = column("id").as_string::<i32>().clone();
    let ids = (0..rows).map(|row| (chance.below(30) > 0).then(|| ids.value(row)));
    let ids: StringArray = ids.collect();
    captures::table(&[("id", Arc::new(ids)), ("arrived", Arc::new(times)), ("bought", Arc::new(labels))])
}

/// Files with what was counted of predictions and labels.
fn parts(sandbox: &Sandbox, folder: &str) -> Vec<(String, Vec<u8>)> {
    let mut files = sandbox.files(&format!("{folder}/outcomes"));
    files.retain(|(name, _)| name.starts_with("window_date="));
    files
}

/// Sentences about what became of labels and predictions, without what was read for them.
fn sentences(ran: &Value) -> (String, String) {
    let notes = ran["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap());
    let note = { notes }.find(|note| note.starts_with("ground truth:")).unwrap_or_default();
    let end = note.find(" dates are restated").map_or(0, |at| note[..at].rfind("; ").unwrap());
    let (what, read) = note.split_at(end);
    (what.to_owned(), read.to_owned())
}

/// Runs on, and compares with a run from scratch; gives what it says of what was read.
#[track_caller]
fn like_scratch(sandbox: &Sandbox, line: &str) -> String {
    let ran = sandbox.expect(0, &format!("{line} --out results")).json();
    if sandbox.path("scratch").exists() {
        fs::remove_dir_all(sandbox.path("scratch")).unwrap();
    }
    let scratch = sandbox.expect(0, &format!("{line} --out scratch")).json();
    same(sandbox, "results", "scratch");
    let (found, expected) = (parts(sandbox, "results"), parts(sandbox, "scratch"));
    assert!(!expected.is_empty() && found == expected, "what was counted differs");
    let (said, read) = sentences(&ran);
    if !said.is_empty() {
        assert_eq!(said, sentences(&scratch).0);
    }
    read
}

#[test]
fn whatever_is_added_it_is_what_a_run_from_scratch_makes() {
    let (mut runs, mut parts) = (0, 0);
    for (world, more) in
        ["", "--segment-by colour", "--as-of 2026-03-06", "--memory 300KiB"].iter().enumerate()
    {
        let sandbox = sandbox();
        let mut chance = Chance(world as u64 + 11);
        let line = format!("{LINE} {more}");
        for step in 0..9 {
            for _ in 0..=chance.below(2) + 2 * usize::from(step == 0) {
                let (day, name) = (chance.day(), chance.below(1_000));
                write_parquet(
                    &sandbox.path(&format!("captures/{name}-{step}.parquet")),
                    &[records(&mut chance, day)],
                );
            }
            for _ in 0..chance.below(3) + usize::from(step == 0) {
                let name = chance.below(1_000);
                write_parquet(
                    &sandbox.path(&format!("labels/{name}-{step}.parquet")),
                    &[labels(&mut chance)],
                );
            }
            let read = like_scratch(&sandbox, &line);
            runs += 1;
            parts += u32::from(read.contains("captures were read for it"));
        }
    }
    println!("{runs} runs, {parts} of them read a part of the captures");
    assert!(parts * 3 > runs, "{parts} of {runs}");
}

/// Twelve days, a capture and a label file each, of which the last label file is still to come.
fn twelve_days() -> Sandbox {
    let sandbox = sandbox();
    for number in 0..12 {
        let day = labelled::day(number, 60, 0.1);
        write_parquet(&sandbox.path(&format!("captures/{number:02}.parquet")), &[without(&day, "bought")]);
        if number < 11 {
            write_parquet(
                &sandbox.path(&format!("labels/{number:02}.parquet")),
                &[labelled::labels(&day, 1)],
            );
        }
    }
    like_scratch(&sandbox, LINE);
    sandbox
}

fn add(sandbox: &Sandbox, name: &str, number: i64, rows: usize) {
    let labels = labelled::labels(&labelled::day(number, 60, 0.6), 9).slice(0, rows);
    write_parquet(&sandbox.path(&format!("labels/{name}.parquet")), &[labels]);
}

#[test]
fn only_captures_that_share_ids_with_what_is_new_are_read() {
    let sandbox = twelve_days();
    assert_eq!(like_scratch(&sandbox, LINE), "", "nothing is new");
    add(&sandbox, "11", 11, 60);
    holds(&like_scratch(&sandbox, LINE), &["; 1 dates are restated; 1 of 12 captures were read for it"]);
    // A late repeat, in a file that comes first.
    add(&sandbox, "00-late", 3, 10);
    holds(&like_scratch(&sandbox, LINE), &["; 1 dates are restated; 1 of 12 captures were read for it"]);
    // Labels that meet their record only later.
    add(&sandbox, "early", 12, 60);
    holds(&like_scratch(&sandbox, LINE), &["; 0 dates are restated; 0 of 12 captures were read for it"]);
    let day = without(&labelled::day(12, 60, 0.1), "bought");
    write_parquet(&sandbox.path("captures/12.parquet"), std::slice::from_ref(&day));
    holds(&like_scratch(&sandbox, LINE), &["; 1 dates are restated; 1 of 13 captures were read for it"]);
    // Requests of two days that were sent again: their captures take part, those of others do not.
    let again = captures::with(
        &day.slice(0, 40),
        "id",
        Arc::new(StringArray::from_iter_values((0..40).map(|row| format!("{}-{row}", 5 + row % 2)))),
    );
    write_parquet(&sandbox.path("captures/again.parquet"), &[again]);
    holds(&like_scratch(&sandbox, LINE), &["; 3 dates are restated; 3 of 14 captures were read for it"]);
    // Of the three that hold such an id, a label for the fifth day concerns the two that have it; the third shows which is last.
    add(&sandbox, "05-late", 5, 1);
    holds(&like_scratch(&sandbox, LINE), &["3 of 14 captures were read for it"]);
    let keys = sandbox.files("results/keys");
    let bytes: usize = keys.iter().map(|(_, bytes)| bytes.len()).sum();
    println!("{} files of keys, {bytes} bytes", keys.len());
}

#[test]
fn many_files_of_keys_become_few() {
    let sandbox = twelve_days();
    let mut most = 0;
    for number in 0..40 {
        add(&sandbox, &format!("late-{number:02}"), number % 11, 3);
        let ran = sandbox.expect(0, &format!("{LINE} --out results")).json();
        holds(&ran.to_string(), &["; 1 of 12 captures were read for it"]);
        most = most.max(sandbox.files("results/keys").len());
    }
    let files = sandbox.files("results/keys").len();
    assert!(most <= 33 && files < 20, "{most} {files}");
    like_scratch(&sandbox, LINE);
}

#[test]
fn what_cannot_be_added_to_is_read_as_a_whole() {
    let sandbox = twelve_days();
    let whole = |what: &str| {
        let read = like_scratch(&sandbox, LINE);
        assert!(read.contains("dates are restated") && !read.contains("were read for it"), "{what}: {read}");
    };
    let part = |name: &str| {
        add(&sandbox, name, 7, 20);
        holds(&like_scratch(&sandbox, LINE), &["; 1 of 12 captures were read for it"]);
    };
    part("a");
    add(&sandbox, "a", 7, 30);
    whole("a label file changed");
    part("b");
    fs::remove_file(sandbox.path("labels/b.parquet")).unwrap();
    whole("a label file is gone");
    part("c");
    let keys = || sandbox.files("results/keys");
    for damage in ["gone", "empty", "half", "bytes"] {
        for (name, bytes) in keys() {
            let path = sandbox.path(&format!("results/keys/{name}"));
            match damage {
                "gone" => fs::remove_file(path).unwrap(),
                "empty" => fs::write(path, "").unwrap(),
                "half" => fs::write(path, &bytes[..bytes.len() / 2]).unwrap(),
                _ => {
                    let mut bytes = bytes;
                    bytes[8..200].fill(0xA5);
                    fs::write(path, bytes).unwrap();
                }
            }
        }
        add(&sandbox, damage, 2, 15);
        whole(damage);
        part(&format!("after-{damage}"));
    }
    // A capture that changed, and one that is gone.
    let day = without(&labelled::day(4, 50, 0.1), "bought");
    write_parquet(&sandbox.path("captures/04.parquet"), &[day]);
    whole("a capture changed");
    part("d");
    fs::remove_file(sandbox.path("captures/05.parquet")).unwrap();
    assert!(!like_scratch(&sandbox, LINE).contains("were read for it"), "a capture is gone");
    // Other settings of labels.
    add(&sandbox, "e", 7, 20);
    let read = like_scratch(&sandbox, &format!("{LINE} --as-of 2026-03-09"));
    assert!(!read.contains("were read for it"), "{read}");
    // Every file of keys is one that counts.
    let joined = known(&sandbox);
    let names: Vec<&str> =
        joined["keys"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(keys().iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), names);
}

/// What is known of what was joined.
fn known(sandbox: &Sandbox) -> Value {
    let state = fs::read(sandbox.path("results/outcomes.json.zst")).unwrap();
    serde_json::from_slice::<Value>(&zstd::decode_all(&*state).unwrap()).unwrap()["joined"].clone()
}

/// When each date was written.
fn written(sandbox: &Sandbox) -> Vec<Option<SystemTime>> {
    let part =
        |day| sandbox.path(&format!("results/outcomes/window_date={}/part.parquet", captures::date(day)));
    (0..12).map(|day| fs::metadata(part(day)).and_then(|part| part.modified()).ok()).collect()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "when a run is killed is to be random")]
fn killed_while_labels_are_added_nothing_is_wrong_afterwards() {
    let sandbox = twelve_days();
    let line = format!("{LINE} --out results -q");
    let words: Vec<&str> = line.split_whitespace().collect();
    let began = std::time::Instant::now();
    sandbox.expect(0, &line);
    let whole = began.elapsed();
    let (mut chance, mut kills, mut between) = (Chance(3), 0, 0);
    for round in 0..40 {
        let name = format!("late-{round}");
        for day in 0..11 {
            add(&sandbox, &format!("{name}-{day}"), day, 5 + chance.below(40));
        }
        let before = written(&sandbox);
        let mut child = sandbox.command(&words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        if round % 4 == 3 {
            thread::sleep(whole.mul_f64(chance.below(100) as f64 / 30.0).max(Duration::from_millis(1)));
        } else {
            // In the midst of dates that are restated.
            while written(&sandbox) == before && child.try_wait().unwrap().is_none() {}
        }
        if child.try_wait().unwrap().is_none() {
            child.kill().unwrap();
            kills += 1;
        }
        child.wait().unwrap();
        between += u32::from(known(&sandbox).is_null());
        // Every other time what was being added is gone again.
        if round % 2 == 0 {
            let gone = |day| fs::remove_file(sandbox.path(&format!("labels/{name}-{day}.parquet"))).unwrap();
            (0..11).for_each(gone);
        }
        like_scratch(&sandbox, LINE);
    }
    assert!(between > 5, "of {kills} killed runs {between} were in the midst of dates");
    println!("killed {kills} times, {between} of them while dates were restated");
}
