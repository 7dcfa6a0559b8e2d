//! How much of the budget tasks take while they are counted, and windows while they are made.

use std::sync::Arc;

use rayon::ThreadPool;
use store::PlannedSource;

use crate::{
    Settings, gather,
    group::Room,
    profiles::{Names, bounds},
    window::Calendar,
};

/// Bytes of a feature of a window and segment that is written down, by and large.
const OF_A_FEATURE: u64 = 160;

/// Bytes of a feature of a window and segment while its rows of tables are made, by and large.
const OF_AN_OPEN_FEATURE: u64 = 32 << 10;

/// Windows to make at a time: enough for all threads, and as many again where the budget has room.
pub(super) fn windows_at_once(
    settings: &Settings,
    pool: &ThreadPool,
    segments: usize,
    names: &Names,
) -> usize {
    let threads = pool.current_num_threads().max(1);
    let of_a_window = OF_AN_OPEN_FEATURE * (segments.max(1) * names.len().max(1)) as u64;
    let fit = gather::memory(settings) / gather::SHARE / of_a_window;
    usize::try_from(fit).unwrap_or(usize::MAX).clamp(threads, 2 * threads)
}

/// What one thread may count in at a time.
pub(super) fn room(settings: &Settings, pool: &ThreadPool, names: &Names) -> Room {
    let threads = pool.current_num_threads().max(1) as u64;
    let bytes = gather::memory(settings) / gather::SHARE / threads;
    Room { names: Arc::clone(names), bytes: usize::try_from(bytes).unwrap_or(usize::MAX) }
}

/// How many bytes the windows and segments of a task of so many rows come to, written down, as far as the footer of its
/// source and the segments of the baseline tell.
pub(super) fn of_tasks(
    calendar: &Calendar,
    range: (Option<i64>, Option<i64>),
    segments: usize,
    room: &Room,
) -> impl Fn(&PlannedSource, u64) -> u64 + use<> {
    let length =
        calendar.clone().window_of(0).map_or(i64::MAX, |window| window.end.saturating_sub(window.start));
    let of_a_group = OF_A_FEATURE * room.names.len() as u64;
    let (from, to) = bounds(range);
    move |source, rows| {
        let windows = source.time.map_or(u64::MAX, |(first, last)| {
            let span = last.min(to).saturating_sub(first.max(from)).max(0);
            span.unsigned_abs() / length.unsigned_abs().max(1) + 1
        });
        windows.saturating_mul(segments.max(1) as u64).min(rows).saturating_mul(of_a_group)
    }
}
