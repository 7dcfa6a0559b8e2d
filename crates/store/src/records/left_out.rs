//! Lines of a capture that could not be used, by reason.

use std::collections::BTreeMap;

/// Lines that are quoted.
const QUOTED: usize = 3;
/// Characters of a line that are quoted.
const QUOTE: usize = 80;

/// Lines of a capture that are no records, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Lines that were looked at, used or not; blank ones and headers are none.
    pub lines: u64,
    /// Lines left out by reason.
    pub reasons: BTreeMap<String, u64>,
    /// The first three.
    pub first: Vec<LeftOutLine>,
}

/// A line that is no record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOutLine {
    /// Its number among those that were looked at, from 1.
    pub number: u64,
    /// Why.
    pub reason: String,
    /// How it begins.
    pub quote: String,
}

impl LeftOut {
    /// Lines left out.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.reasons.values().sum()
    }

    /// Adds the lines that follow.
    pub fn merge(&mut self, next: Self) {
        let room = QUOTED - self.first.len().min(QUOTED);
        let before = self.lines;
        let moved = next.first.into_iter().take(room);
        self.first.extend(moved.map(|line| LeftOutLine { number: before + line.number, ..line }));
        self.lines += next.lines;
        for (reason, lines) in next.reasons {
            *self.reasons.entry(reason).or_default() += lines;
        }
    }

    /// Notes that the line that was looked at last is left out.
    pub(crate) fn add(&mut self, reason: String, line: &[u8]) {
        if self.first.len() < QUOTED {
            let start = &line[..line.len().min(4 * QUOTE)];
            let text = String::from_utf8_lossy(start);
            let mut quote: String = text.chars().take(QUOTE).flat_map(shown).collect();
            if line.len() > quote.len() {
                quote.push_str("...");
            }
            self.first.push(LeftOutLine { number: self.lines, reason: reason.clone(), quote });
        }
        *self.reasons.entry(reason).or_default() += 1;
    }

    /// One sentence: how many, why, and the first of them; empty if none was left out.
    #[must_use]
    pub fn describe(&self) -> String {
        if self.count() == 0 {
            return String::new();
        }
        let mut reasons: Vec<(&String, &u64)> = self.reasons.iter().collect();
        reasons.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
        let reasons: Vec<String> =
            reasons.iter().map(|(reason, lines)| format!("{lines} {reason}")).collect();
        let first =
            self.first.iter().map(|line| format!("line {} ({}): {}", line.number, line.reason, line.quote));
        let first: Vec<String> = first.collect();
        format!(
            "{} of {} lines left out: {}; {}",
            self.count(),
            self.lines,
            reasons.join(", "),
            first.join("; ")
        )
    }
}

/// Quotes and backslashes stay as they are: what would not show, or would break the line, is written out.
fn shown(letter: char) -> impl Iterator<Item = char> {
    let as_it_is = matches!(letter, '"' | '\'' | '\\').then_some(letter);
    as_it_is.into_iter().chain(letter.escape_debug().filter(move |_| as_it_is.is_none()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_lines_are_numbered_after_earlier_ones_and_three_are_quoted() {
        let part = |lines: u64| {
            let mut part = LeftOut { lines, ..LeftOut::default() };
            part.add("not JSON".to_owned(), b"{\"a\n");
            part
        };
        let mut whole = part(4);
        (0..3).for_each(|_| whole.merge(part(10)));
        assert_eq!(whole.first.iter().map(|line| line.number).collect::<Vec<_>>(), [4, 14, 24]);
        assert_eq!((whole.count(), whole.lines), (4, 34));
        assert!(whole.describe().starts_with("4 of 34 lines left out: 4 not JSON; line 4 (not JSON): {\"a"));
    }
}
