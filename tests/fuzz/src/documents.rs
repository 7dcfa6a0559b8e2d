//! `statistics.json` and `constraints.json`: refused with the reason, or a run under them goes through.
//!
//! Bytes without a zero byte are constraints beside a profile of ours. Otherwise the first zero byte parts the two
//! documents of a folder that has nothing else.

use std::sync::LazyLock;

use monitor::Location;

use crate::world::{baseline, compare, location, store};

/// Compares captures under the documents.
pub fn run(bytes: &[u8]) {
    static BASELINE: LazyLock<Location> = LazyLock::new(|| {
        let place = location("documents");
        baseline(&place);
        place
    });
    let write = |place: &Location, name: &str, bytes: &[u8]| {
        store().write(&place.join(name).unwrap(), bytes.to_vec()).unwrap();
    };
    match bytes.iter().position(|byte| *byte == 0) {
        None => {
            write(&BASELINE, "constraints.json", bytes);
            compare(&BASELINE);
        }
        Some(at) => {
            let place = location("published");
            write(&place, "statistics.json", &bytes[..at]);
            write(&place, "constraints.json", &bytes[at + 1..]);
            compare(&place);
        }
    }
}
