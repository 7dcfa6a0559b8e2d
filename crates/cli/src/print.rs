//! Text for people: tables, numbers, and names that cannot play tricks on a terminal.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
};

use anyhow::Context as _;
use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use crate::args::Format;

/// Writes a result to standard output: as text, or the same facts as JSON.
pub(crate) fn result<T: Serialize>(
    format: Format,
    value: &T,
    text: impl FnOnce(&T) -> String,
) -> anyhow::Result<()> {
    let text = match format {
        Format::Text => text(value),
        Format::Json => serde_json::to_string_pretty(value)? + "\n",
    };
    match io::stdout().lock().write_all(text.as_bytes()) {
        // The reader, such as `head`, has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome.context("failed to write to standard output"),
    }
}

/// Writes a remark to standard error, and does not mind when nobody reads it.
pub(crate) fn note(text: &str) {
    drop(writeln!(io::stderr().lock(), "{text}"));
}

/// A table without lines, indented by two; columns whose heading starts with `#` are numbers.
pub(crate) fn table(heads: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(heads.iter().map(|head| head.trim_start_matches('#')));
    for row in rows {
        table.add_row(row.iter().map(|cell| plain(cell)));
    }
    for (index, head) in heads.iter().enumerate() {
        if let (true, Some(column)) = (head.starts_with('#'), table.column_mut(index)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, " {}", line.trim_end());
        text
    })
}

/// Control characters as escapes, so that a name with a newline stays on its line.
pub(crate) fn plain(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut plain, c| {
        if c.is_control() {
            plain.extend(c.escape_default())
        } else {
            plain.push(c)
        }
        plain
    })
}

/// `309,772`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 window`, `2 windows`.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(number))
}

/// A number with three or four digits that matter.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    if value.fract() == 0.0 && size < 1e6 {
        format!("{value:.0}")
    } else if !(1e-3..1e6).contains(&size) {
        format!("{value:.2e}")
    } else if size < 10.0 {
        format!("{value:.3}")
    } else if size < 1000.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}

/// The same, or a dash where there is none.
pub(crate) fn optional(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), number)
}

/// `98.2 %`, `100 %`; what is nearly all or nearly none is never rounded to it.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub(crate) fn percent(part: u64, whole: u64) -> String {
    let percent = if whole == 0 { 0.0 } else { part as f64 / whole as f64 * 100.0 };
    if part == 0 || part >= whole || (percent.fract() == 0.0 && percent > 0.0) {
        format!("{percent:.0} %")
    } else {
        format!("{:.1} %", percent.clamp(0.1, 99.9))
    }
}

/// A share as a bar of at most ten cells.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 80")]
pub(crate) fn bar(share: f64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (share.clamp(0.0, 1.0) * 80.0).round() as usize;
    "█".repeat(eighths / 8) + EIGHTHS[eighths % 8]
}

/// Why a file was set aside, without its path, which stands beside it.
pub(crate) fn reason(path: &str, reason: &str) -> String {
    plain(&reason.replace(&format!("`{path}`: "), ""))
}

/// A word as a shell takes it.
pub(crate) fn quoted(word: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(harmless) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!(count(309_772), "309,772");
        assert_eq!(count(12), "12");
        assert_eq!(counted(1, "file"), "1 file");
        let shown = [0.0, 0.69521, 12.34, 12.0, 1234.5, 1.5e9, 1.2e-7].map(number);
        assert_eq!(shown, ["0", "0.695", "12.3", "12", "1234", "1.50e9", "1.20e-7"]);
        assert_eq!(bar(0.5), "█████");
        let shown =
            [(0, 3), (1, 3), (1, 10_000), (9_999, 10_000), (3, 3), (0, 0)].map(|(a, b)| percent(a, b));
        assert_eq!(shown, ["0 %", "33.3 %", "0.1 %", "99.9 %", "100 %", "0 %"]);
        assert_eq!(bar(2.0).chars().count(), 10);
    }

    #[test]
    fn names_stay_on_their_line() {
        assert_eq!(plain("a\nb\u{1b}[31m"), "a\\nb\\u{1b}[31m");
        let table = table(&["feature", "#rows"], [vec!["a\nb".to_owned(), "1".to_owned()]]);
        assert_eq!(table.lines().count(), 2, "{table}");
        assert_eq!(quoted("a b'c"), r"'a b'\''c'");
        assert_eq!(quoted("s3://b/c=1"), "s3://b/c=1");
    }
}
