//! Documents of JSON as records: nested members by dotted names, lists of records taken apart.

use super::depth;
use super::side::{Cell, Side};
use super::table::{NULL, Span, Table};
use sonic_rs::{JsonType, JsonValueTrait as _, LazyValue, to_array_iter, to_object_iter};

/// Members that hold a list of records, where nothing else stands beside them.
const LISTS: &[&str] = &["instances", "predictions"];

/// Takes the documents of a text: one, or one on each line. Members of the
/// outermost objects in `without` are left aside.
pub(super) fn documents(
    text: &str,
    without: &[&str],
    table: &mut Table,
    side: &mut Side,
) -> Result<(), String> {
    if depth::is_beyond(text) {
        return Err(format!("nested deeper than {} levels", depth::MOST));
    }
    let base = table.keep(text)?;
    let mut reader = Reader { text, base, table, side, path: String::with_capacity(64) };
    if let Ok(document) = sonic_rs::from_str::<LazyValue<'_>>(text) {
        return reader.document(document.as_raw_str(), without);
    }
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let document: LazyValue<'_> = sonic_rs::from_str(line).map_err(|_| "not JSON inside".to_owned())?;
        reader.document(document.as_raw_str(), without)?;
    }
    Ok(())
}

struct Reader<'a> {
    text: &'a str,
    /// Where the text is in the table.
    base: u32,
    table: &'a mut Table,
    side: &'a mut Side,
    /// Dotted name of the value under way.
    path: String,
}

impl Reader<'_> {
    fn document(&mut self, raw: &str, without: &[&str]) -> Result<(), String> {
        match raw.as_bytes().first() {
            Some(b'{') => {
                if let Some(list) = list_of_records(raw, without)? {
                    return items(list.as_raw_str(), |item| self.record(item.as_raw_str(), &[]));
                }
                self.record(raw, without)
            }
            Some(b'[') => {
                let mut nested = false;
                items(raw, |item| {
                    nested |= is_nested(&item);
                    Ok(())
                })?;
                if nested {
                    items(raw, |item| self.record(item.as_raw_str(), &[]))
                } else {
                    self.record(raw, &[])
                }
            }
            _ => self.record(raw, &[]),
        }
    }

    fn record(&mut self, raw: &str, without: &[&str]) -> Result<(), String> {
        let start = self.side.cells.len();
        self.path.clear();
        match raw.as_bytes().first() {
            Some(b'{') => self.members(raw, without, 0)?,
            Some(b'[') => self.list(raw, 0)?,
            _ => {
                let value: LazyValue<'_> =
                    sonic_rs::from_str(raw).map_err(|_| "not JSON inside".to_owned())?;
                self.scalar(&value)?;
            }
        }
        // What comes as one list of plain values has names by place.
        let cells = &mut self.side.cells[start..];
        let first = cells.first().map(|cell| cell.name);
        let dot = |name: Option<usize>| {
            name.map(|name| self.table.name_text(name)).and_then(|name| Some(name.rsplit_once('.')?.0))
        };
        let nested = raw.starts_with('{');
        if !nested {
            cells.iter_mut().for_each(|cell| cell.placed = true);
            if !raw.starts_with('[') || cells.iter().all(|cell| dot(cell.name).is_none()) {
                cells.iter_mut().for_each(|cell| cell.name = None);
            }
        } else if let Some(Some(list)) = first.map(dot)
            && only_list(raw, without)?
            && cells.iter().all(|cell| dot(cell.name) == Some(list))
        {
            cells.iter_mut().for_each(|cell| cell.placed = true);
        }
        let text = self.span(raw)?;
        self.side.end(text);
        Ok(())
    }

    fn members(&mut self, raw: &str, without: &[&str], depth: usize) -> Result<(), String> {
        let length = self.path.len();
        for member in to_object_iter(raw) {
            let (key, value) = member.map_err(|_| "not JSON inside".to_owned())?;
            if depth == 0 && without.contains(&&*key) {
                continue;
            }
            if length > 0 {
                self.path.push('.');
            }
            self.path.push_str(&key);
            self.value(&value, depth)?;
            self.path.truncate(length);
        }
        Ok(())
    }

    fn list(&mut self, raw: &str, depth: usize) -> Result<(), String> {
        let length = self.path.len();
        for (index, value) in to_array_iter(raw).enumerate() {
            let value = value.map_err(|_| "not JSON inside".to_owned())?;
            if length > 0 {
                self.path.push('.');
            }
            self.path.push_str(&index.to_string());
            self.value(&value, depth)?;
            self.path.truncate(length);
        }
        Ok(())
    }

    fn value(&mut self, value: &LazyValue<'_>, depth: usize) -> Result<(), String> {
        match value.get_type() {
            JsonType::Object => self.members(value.as_raw_str(), &[], depth + 1),
            JsonType::Array => self.list(value.as_raw_str(), depth + 1),
            _ => self.scalar(value),
        }
    }

    fn scalar(&mut self, value: &LazyValue<'_>) -> Result<(), String> {
        let (span, quoted) = match value.get_type() {
            JsonType::Null => (NULL, false),
            JsonType::String => {
                let text = value.as_str().ok_or_else(|| "not JSON inside".to_owned())?;
                (self.span(text)?, true)
            }
            _ => (self.span(value.as_raw_str())?, false),
        };
        let name = self.table.name(&self.path);
        self.side.cells.push(Cell { value: span, name: Some(name), placed: false, quoted });
        Ok(())
    }

    /// Where a part of the text is in the table; what is not part of it, as an unescaped string, is kept beside it.
    fn span(&mut self, part: &str) -> Result<Span, String> {
        let offset = (part.as_ptr() as usize).checked_sub(self.text.as_ptr() as usize);
        match offset.filter(|&offset| self.text.get(offset..offset + part.len()) == Some(part)) {
            Some(offset) => Ok(Span::of(self.base, offset..offset + part.len())),
            None => Ok(Span::of(self.table.keep(part)?, 0..part.len())),
        }
    }
}

/// The list of records that is all an object holds.
fn list_of_records<'a>(raw: &'a str, without: &[&str]) -> Result<Option<LazyValue<'a>>, String> {
    let mut list = None;
    for member in to_object_iter(raw) {
        let (key, value) = member.map_err(|_| "not JSON inside".to_owned())?;
        if without.contains(&&*key) {
            continue;
        }
        if list.is_some() || !LISTS.contains(&&*key) || value.get_type() != JsonType::Array {
            return Ok(None);
        }
        list = Some(value);
    }
    Ok(list)
}

/// Whether an object holds one list and nothing else.
fn only_list(raw: &str, without: &[&str]) -> Result<bool, String> {
    let mut lists = 0;
    for member in to_object_iter(raw) {
        let (key, value) = member.map_err(|_| "not JSON inside".to_owned())?;
        if without.contains(&&*key) {
            continue;
        }
        if value.get_type() != JsonType::Array {
            return Ok(false);
        }
        lists += 1;
    }
    Ok(lists == 1)
}

fn items(raw: &str, mut take: impl FnMut(LazyValue<'_>) -> Result<(), String>) -> Result<(), String> {
    to_array_iter(raw).try_for_each(|item| take(item.map_err(|_| "not JSON inside".to_owned())?))
}

fn is_nested(value: &LazyValue<'_>) -> bool {
    matches!(value.get_type(), JsonType::Object | JsonType::Array)
}
