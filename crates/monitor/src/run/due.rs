//! Which windows can be written, and with which others: dates are written whole, and each once.

use std::{collections::BTreeSet, sync::Arc};

use super::known::Dates;
use crate::{
    Windows,
    window::{Calendar, Every, Window},
};

/// Windows without rows in a row that are written unasked: three years of days.
const MAX_GAP: i64 = 1_100;

/// A date to write, with its windows in order, and whether each has rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) date: Arc<str>,
    pub(super) windows: Vec<(Window, bool)>,
}

/// Windows with rows that are not written yet, in order.
#[derive(Debug)]
pub(super) struct Waiting {
    windows: BTreeSet<Window>,
    calendar: Calendar,
    days: Calendar,
    dates: Dates,
    settings: Windows,
    /// End of the last window that is due or was.
    reached: Option<i64>,
    /// Everything that starts before is due or was.
    closed: i64,
}

impl Waiting {
    pub(super) fn new(settings: &Windows) -> Self {
        let calendar = Calendar::new(settings.every, settings.timezone.clone());
        Self {
            windows: BTreeSet::new(),
            dates: Dates::new(calendar.clone()),
            calendar,
            days: Calendar::new(Every::Day, settings.timezone.clone()),
            reached: settings.from,
            closed: i64::MIN,
            settings: settings.clone(),
        }
    }

    /// Whether a window can still get rows.
    pub(super) fn is_open(&self, start: i64) -> bool {
        start >= self.closed
    }

    /// The date of a window.
    pub(super) fn date_of(&mut self, start: i64) -> Arc<str> {
        self.dates.of(start)
    }

    /// Notes that a window has rows.
    pub(super) fn add(&mut self, start: i64) -> Arc<str> {
        let window = self.dates.window(start);
        self.windows.insert(window);
        self.dates.of(start)
    }

    /// Takes the dates out that no source can touch any more, given the earliest time still to come, those without
    /// rows in between included. The last of them stays: how far it reaches shows with the next one.
    pub(super) fn due(&mut self, frontier: i64, notes: &mut Vec<String>) -> Vec<Due> {
        let is_last = frontier == i64::MAX;
        let mut ready = Vec::new();
        while let Some(&window) = self.windows.first() {
            let day = self.days.window_of(window.start).map_or(window.end, |day| day.end);
            if window.end.max(day) > frontier {
                break;
            }
            self.windows.pop_first();
            self.closed = self.closed.max(window.end.max(day));
            ready.push(window);
        }
        let mut windows = Vec::new();
        let newest = ready.last().map(|window| self.dates.of(window.start));
        let held: Vec<Window> = match newest.filter(|_| !is_last) {
            Some(newest) => {
                let from = ready.partition_point(|window| self.dates.of(window.start) != newest);
                ready.split_off(from)
            }
            None => Vec::new(),
        };
        for window in ready {
            self.fill(window.start, &mut windows, notes);
            windows.push((window, true));
            self.reached = Some(window.end);
        }
        if let Some(first) = held.first() {
            let held_date = self.dates.of(first.start);
            let mut gap = Vec::new();
            self.fill(first.start, &mut gap, notes);
            gap.retain(|(window, _)| self.dates.of(window.start) != held_date);
            let end = gap.last().map(|(window, _)| window.end);
            self.reached = end.or(self.reached);
            windows.extend(gap);
        }
        self.windows.extend(held);
        if let Some(to) = self.settings.to.filter(|_| is_last) {
            self.fill(to, &mut windows, notes);
        }
        let mut due: Vec<Due> = Vec::new();
        for (window, has_rows) in windows {
            let date = self.dates.of(window.start);
            match due.last_mut() {
                Some(last) if last.date == date => last.windows.push((window, has_rows)),
                _ => due.push(Due { date, windows: vec![(window, has_rows)] }),
            }
        }
        due
    }

    /// Windows without rows between the last one and `start`. One row with the clock at 1970 must not fill a disk with
    /// empty days, so a long gap is only filled when the range was asked for.
    fn fill(&mut self, start: i64, windows: &mut Vec<(Window, bool)>, notes: &mut Vec<String>) {
        let Some(from) = self.reached.filter(|_| self.settings.every != Every::All) else { return };
        let asked_for = self.settings.from.is_some() && self.settings.to.is_some();
        let length =
            self.calendar.window_of(from).map_or(1, |window| window.end.saturating_sub(window.start));
        if !asked_for && start.saturating_sub(from) / length.max(1) > MAX_GAP {
            let (before, after) = (self.calendar.date_of(from), self.calendar.date_of(start));
            notes.push(format!(
                "no capture has a row from {before} to {after}; these windows were left out (--from and --to make them)"
            ));
            self.reached = Some(start);
            return;
        }
        let gap = self.calendar.windows_between(from, start);
        windows.extend(gap.into_iter().map(|window| (window, false)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000;

    fn waiting(every: &str) -> Waiting {
        Waiting::new(&Windows { every: every.parse().unwrap(), ..Windows::default() })
    }

    fn shown(due: &[Due]) -> Vec<(String, usize, usize)> {
        due.iter()
            .map(|due| {
                let with_rows = due.windows.iter().filter(|(_, has_rows)| *has_rows).count();
                (due.date.to_string(), due.windows.len(), with_rows)
            })
            .collect()
    }

    /// Hours 20 of a day and 3 of the next but one: both dates and the one between are written once, whole.
    #[test]
    fn every_date_is_due_once_and_whole() {
        let (mut all, mut waiting) = (Vec::new(), waiting("1h"));
        let mut notes = Vec::new();
        waiting.add(20 * HOUR);
        all.extend(waiting.due(24 * HOUR, &mut notes));
        assert_eq!(shown(&all), []);
        waiting.add(51 * HOUR);
        waiting.add(60 * HOUR);
        all.extend(waiting.due(72 * HOUR, &mut notes));
        let first = [("1970-01-01".to_owned(), 4, 1), ("1970-01-02".to_owned(), 24, 0)];
        assert_eq!(shown(&all), first);
        all.extend(waiting.due(i64::MAX, &mut notes));
        assert_eq!(shown(&all)[2..], [("1970-01-03".to_owned(), 13, 2)]);
        assert!(!waiting.is_open(60 * HOUR) && notes.is_empty());
    }

    #[test]
    fn the_same_dates_are_due_however_early() {
        let hours = [3, 5, 30, 31, 95, 97, 24 * 2_000];
        let by_step = |step: i64| {
            let (mut due, mut waiting, mut notes) = (Vec::new(), waiting("1h"), Vec::new());
            for (at, hour) in hours.iter().enumerate() {
                waiting.add(hour * HOUR);
                if at as i64 % step == 0 {
                    due.extend(waiting.due(hours.get(at + 1).map_or(*hour, |next| *next) * HOUR, &mut notes));
                }
            }
            due.extend(waiting.due(i64::MAX, &mut notes));
            (due, notes)
        };
        let (once, notes) = by_step(100);
        assert_eq!(notes.len(), 1);
        assert_eq!(by_step(1), (once.clone(), notes.clone()));
        assert_eq!(by_step(2), (once, notes));
    }

    #[test]
    fn a_range_is_filled_to_both_ends() {
        let day = 24 * HOUR;
        let windows = Windows { from: Some(0), to: Some(5 * day), ..Windows::default() };
        let (mut waiting, mut notes) = (Waiting::new(&windows), Vec::new());
        waiting.add(2 * day);
        let due = waiting.due(i64::MAX, &mut notes);
        assert_eq!(due.len(), 5);
        assert_eq!(shown(&due).iter().map(|(.., rows)| *rows).collect::<Vec<_>>(), [0, 0, 1, 0, 0]);
    }
}
