//! What a backfill would do, without doing it.

use std::collections::BTreeSet;

use store::{Location, PlanStatus, Store};

use super::{
    backfill::{Found, Inputs},
    identity,
    known::Changes,
    rule,
};
use crate::{Error, Settings, Watch, gather, window::Calendar};

/// A backfill that was only planned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preview {
    /// Captures that are new, changed, gone, and of use again.
    pub changes: Changes,
    /// Captures to read.
    pub sources: u64,
    /// Rows in them.
    pub rows: u64,
    /// Bytes of the columns in them that are needed, at most.
    pub bytes: u64,
    /// Captures to look at that hold nothing in the range.
    pub outside_range: u64,
    /// Captures that cannot be opened: path and reason.
    pub quarantined: Vec<(String, String)>,
    /// Starts of the windows that captures to read may have rows in, or captures that are gone or changed had, as
    /// microseconds since 1970 UTC, ascending.
    pub windows: Vec<i64>,
    /// Captures to read that do not say which times they hold: they may open other windows too.
    pub untimed: u64,
    /// Whether baseline, constraints or metrics are others than those of the last run, so that every window is judged
    /// again from stored profiles.
    pub judged_again: bool,
    /// Windows that earlier runs have counted.
    pub known_windows: u64,
    /// Remarks, each one sentence.
    pub notes: Vec<String>,
}

/// Plans a backfill and reads nothing but listings and footers; writes nothing.
///
/// # Errors
/// As [`crate::backfill`].
pub fn dry_run(
    store: &Store,
    captures: &Location,
    baseline: &Location,
    results: &Location,
    settings: &Settings,
    watch: Watch<'_>,
) -> Result<Preview, Error> {
    let (inputs, listed) = Inputs::read(store, captures, baseline, results, settings, watch)?;
    identity::check(store, results, &inputs.settings)?;
    let found = Found::look(store, captures, listed, results, &inputs, watch)?;
    let range = inputs.range();
    let windows = &inputs.settings.windows;
    let mut calendar = Calendar::new(windows.every, windows.timezone.clone());
    let mut opened = BTreeSet::new();
    let mut preview = Preview {
        changes: found.reuse.changes,
        judged_again: found
            .state
            .as_ref()
            .is_some_and(|state| state.rule != rule::of_judging(&inputs.baseline, &inputs.settings)),
        notes: found.notes,
        ..Preview::default()
    };
    for planned in &found.plan.sources {
        match &planned.status {
            PlanStatus::OutsideRange(_) => preview.outside_range += 1,
            PlanStatus::Quarantined(reason) => {
                let path = planned.source.path.clone();
                let reason = gather::plain_reason(&path, reason);
                preview.quarantined.push((path, reason));
            }
            PlanStatus::Ready => {
                preview.sources += 1;
                preview.rows += planned.tasks.iter().map(|task| task.rows).sum::<u64>();
                preview.bytes += planned.tasks.iter().map(|task| task.bytes).sum::<u64>();
                match planned.time {
                    Some((first, last)) => {
                        let first = first.max(range.0.unwrap_or(i64::MIN));
                        let end = last.saturating_add(1).min(range.1.unwrap_or(i64::MAX));
                        opened.extend(calendar.windows_between(first, end).iter().map(|window| window.start));
                    }
                    None => preview.untimed += u64::from(!planned.tasks.is_empty()),
                }
            }
        }
    }
    opened.extend(found.reuse.left.iter().flat_map(|entry| entry.windows(range)));
    let known = found.reuse.known.values().flat_map(|(_, entry)| entry.windows(range));
    preview.known_windows = known.collect::<BTreeSet<_>>().len() as u64;
    preview.windows = opened.into_iter().collect();
    Ok(preview)
}
