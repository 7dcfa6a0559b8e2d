//! Comma-separated values without a header, as requests and answers hold them.

use super::side::{Cell, Side};
use super::table::{NULL, Span, Table};
use memchr::memchr_iter;

/// Takes the rows of a text; blank lines are none.
pub(super) fn rows(text: &str, table: &mut Table, side: &mut Side) -> Result<(), String> {
    if text.contains('"') {
        return quoted_rows(text, table, side);
    }
    let base = table.keep(text)?;
    let mut start = 0;
    for end in memchr_iter(b'\n', text.as_bytes()).chain([text.len()]) {
        let line = text[start..end].trim_end_matches('\r');
        if !line.trim().is_empty() {
            let mut from = start;
            let last = start + line.len();
            for comma in memchr_iter(b',', line.as_bytes()) {
                side.cells.push(placed(Span::of(base, from..start + comma), from == start + comma));
                from = start + comma + 1;
            }
            side.cells.push(placed(Span::of(base, from..last), from == last));
            side.end(Span::of(base, start..last));
        }
        start = end + 1;
    }
    Ok(())
}

/// An empty value is null.
fn placed(value: Span, empty: bool) -> Cell {
    Cell { value: if empty { NULL } else { value }, name: None, placed: true, quoted: false }
}

fn quoted_rows(text: &str, table: &mut Table, side: &mut Side) -> Result<(), String> {
    let mut reader =
        ::csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut row = ::csv::StringRecord::new();
    while reader.read_record(&mut row).map_err(|error| format!("not CSV: {error}"))? {
        for value in &row {
            let base = table.keep(value)?;
            side.cells.push(placed(Span::of(base, 0..value.len()), value.is_empty()));
        }
        side.end(NULL);
    }
    Ok(())
}
