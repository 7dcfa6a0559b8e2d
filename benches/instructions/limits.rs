//! The limits: one line a case, its name and the instructions per value that it may take.

use std::{collections::BTreeMap, fmt::Write as _, fs};

use super::callgrind::Measured;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../benches/instructions/limits.txt");
/// A limit over what was measured when it was set. Other versions of the C library move a case by less.
const ROOM: f64 = 1.08;

/// Prints all cases beside their limits; fails where one takes more, where a limit is missing and where one has no case.
pub(crate) fn hold(cases: &[Measured]) -> Result<(), String> {
    let mut limits = read()?;
    let mut broken = Vec::new();
    println!("{:40} {:>12} {:>9}", "instructions per value", "measured", "limit");
    for Measured { name, per_value } in cases {
        let Some(limit) = limits.remove(name) else {
            broken.push(format!("{name}: {per_value:.2} instructions per value, and no limit"));
            continue;
        };
        println!("{name:40} {per_value:12.2} {limit:9.2}");
        if *per_value > limit {
            broken.push(format!("{name}: {per_value:.2} instructions per value, the limit is {limit}"));
        }
    }
    broken.extend(limits.into_keys().map(|name| format!("{name}: a limit, and no such case")));
    if broken.is_empty() { Ok(()) } else { Err(broken.join("\nerror: ")) }
}

/// Writes the limits anew.
pub(crate) fn write(cases: &[Measured]) -> Result<(), String> {
    let mut text = String::new();
    for Measured { name, per_value } in cases {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name} {:.2}", per_value * ROOM);
    }
    fs::write(FILE, text).map_err(|error| format!("{FILE}: {error}"))
}

fn read() -> Result<BTreeMap<String, f64>, String> {
    let text = fs::read_to_string(FILE).map_err(|error| format!("{FILE}: {error}"))?;
    let limit = |line: &str| {
        let limit =
            line.split_once(' ').and_then(|(name, limit)| Some((name.to_owned(), limit.parse().ok()?)));
        limit.ok_or_else(|| format!("{FILE}: expected a case and its limit, found `{line}`"))
    };
    text.lines().map(limit).collect()
}
