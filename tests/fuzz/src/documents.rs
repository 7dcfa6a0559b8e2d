//! `constraints.json`: refused with its reason, or a run under it goes through.

use std::sync::LazyLock;

use monitor::Location;

use crate::world::{baseline, compare, location, store};

/// Compares captures under the constraints.
pub fn run(bytes: &[u8]) {
    static BASELINE: LazyLock<Location> = LazyLock::new(|| {
        let place = location("documents");
        baseline(&place);
        place
    });
    store().write(&BASELINE.join("constraints.json").unwrap(), bytes.to_vec()).unwrap();
    compare(&BASELINE);
}
