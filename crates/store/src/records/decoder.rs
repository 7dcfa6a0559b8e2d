//! From the text of a capture to batches of its records.

use super::envelope::{Content, Line, Writing, member, once, text};
use super::names::Naming;
use super::select::Select;
use super::side::{Cell, Side};
use super::table::{NULL, Span, Table};
use super::{GROUND_TRUTH, LONGEST_LINE, LeftOut, RecordOptions, csv, depth, json, table_file};
use crate::capture::Layout;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use jiff::Timestamp;
use memchr::memchr_iter;
use serde::de::IgnoredAny;
use sonic_rs::Value;
use std::fmt::Write as _;

/// Members that a batch transform puts beside what it was given.
const ADDED: &[&str] = &["SageMakerInferenceId", "SageMakerInferenceTime", "SageMakerOutput"];

/// Reads captures by some options.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    options: RecordOptions,
    select: Select,
}

/// What all lines of a file are taken to be like, by the first that is a record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Whether lines hold a request.
    request: bool,
    /// Whether they hold an answer.
    answer: bool,
    /// Values without a name in a record, where that number is not known otherwise.
    values: Option<usize>,
}

/// Where the times of a file lie by the folder it is in: half-open, in microseconds.
pub(crate) type Hour = Option<(i64, i64)>;

/// How far the time of a request may be from the hour of its folder, in microseconds.
pub(crate) const SLACK: i64 = 3_600_000_000;

/// Records, and the lines that are none.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub(crate) schema: SchemaRef,
    pub(crate) batches: Vec<RecordBatch>,
    pub(crate) left_out: LeftOut,
    pub(crate) shape: Option<Shape>,
}

impl Decoder {
    /// The error says which of the options cannot be used.
    pub(crate) fn new(options: &RecordOptions) -> Result<Self, String> {
        Ok(Self { options: options.clone(), select: Select::new(&options.select)? })
    }

    /// Reads a text to its end; lines that are no records are left out. `skip` names columns that are not wanted.
    pub(crate) fn decode(
        &self,
        content: &[u8],
        layout: Layout,
        hour: Hour,
        shape: Option<Shape>,
        skip: &dyn Fn(&str) -> bool,
    ) -> Result<Decoded, String> {
        let mut work = Work {
            decoder: self,
            naming: Naming::new(&self.options),
            hour,
            shape,
            table: Table::default(),
            left_out: LeftOut::default(),
            request: Side::default(),
            answer: Side::default(),
            truth: Side::default(),
            document: String::new(),
        };
        match layout {
            Layout::Lines => {
                let mut start = 0;
                for end in memchr_iter(b'\n', content).chain([content.len()]) {
                    work.take(&content[start..end], Work::line);
                    start = end + 1;
                }
            }
            Layout::Documents => work.documents(content),
            Layout::Table => {
                let (schema, batches) = table_file::batches(content, hour.map(|(start, _)| start), skip)?;
                return Ok(Decoded { schema, batches, left_out: LeftOut::default(), shape });
            }
            Layout::Rows => {
                let mut start = 0;
                for end in row_ends(content) {
                    work.take(&content[start..end], Work::row);
                    start = end;
                }
            }
        }
        let (schema, batches) = work.table.finish(skip).map_err(|error| error.to_string())?;
        Ok(Decoded { schema, batches, left_out: work.left_out, shape: work.shape })
    }
}

/// Ends of rows of CSV: ends of lines that are not between quotes.
fn row_ends(content: &[u8]) -> impl Iterator<Item = usize> {
    let mut quoted = false;
    let marks = memchr::memchr2_iter(b'\n', b'"', content);
    let ends = marks.filter_map(move |at| {
        if content[at] == b'"' {
            quoted = !quoted;
        }
        (content[at] == b'\n' && !quoted).then_some(at + 1)
    });
    ends.chain([content.len()])
}

/// Who asked, and when.
#[derive(Debug, Clone, Copy, Default)]
struct Event<'a> {
    id: Option<&'a str>,
    time: Option<&'a str>,
}

struct Work<'a> {
    decoder: &'a Decoder,
    naming: Naming<'a>,
    hour: Hour,
    shape: Option<Shape>,
    table: Table,
    left_out: LeftOut,
    request: Side,
    answer: Side,
    truth: Side,
    /// A record as one document, for selections.
    document: String,
}

impl Work<'_> {
    /// Takes a line, or leaves it out whole.
    fn take(&mut self, line: &[u8], read: impl Fn(&mut Self, &str) -> Result<(), String>) {
        let line = line.trim_ascii();
        if line.is_empty() {
            return;
        }
        self.left_out.lines += 1;
        self.request.clear();
        self.answer.clear();
        self.truth.clear();
        let (kept, rows) = (self.table.text().len(), self.table.rows());
        let outcome = if line.len() > LONGEST_LINE {
            Err(format!("longer than {} MiB", LONGEST_LINE >> 20))
        } else {
            std::str::from_utf8(line).map_err(|_| "not UTF-8".to_owned()).and_then(|line| read(self, line))
        };
        if let Err(reason) = outcome {
            self.table.cut(kept, rows);
            self.left_out.add(reason, line);
        }
    }

    /// One document behind the other.
    fn documents(&mut self, content: &[u8]) {
        let Ok(text) = std::str::from_utf8(content) else {
            self.take(content, |_, _| Ok(()));
            return;
        };
        let mut documents = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
        let mut start = 0;
        while let Some(document) = documents.next() {
            if document.is_err() {
                self.take(&content[start..], |_, _| Err("not JSON".to_owned()));
                return;
            }
            let end = documents.byte_offset();
            self.take(&content[start..end], Self::line);
            start = end;
        }
    }

    /// A line of JSON.
    fn line(&mut self, line: &str) -> Result<(), String> {
        if depth::is_beyond(line) {
            return Err(format!("nested deeper than {} levels", depth::MOST));
        }
        if self.decoder.select.is_empty()
            && let Ok(line) = sonic_rs::from_str::<Line<'_>>(line)
            && line.is_some()
        {
            return self.captured(&line, None);
        }
        let value: Value = sonic_rs::from_str(line).map_err(|_| "not JSON".to_owned())?;
        let found = Line::of(&value);
        if found.as_ref().is_ok_and(|found| !found.is_some()) {
            return self.bare(line, &value);
        }
        once(&value)?;
        self.captured(&found?, member(&value, "eventMetadata").map(ToString::to_string).as_deref())
    }

    /// A request with its answer, or a label.
    fn captured(&mut self, line: &Line<'_>, metadata: Option<&str>) -> Result<(), String> {
        // Where values are expected by name, a label is not a record of which all of them are missing.
        if line.captured.is_none() && !self.naming_is_open() {
            return Err("a label of ground truth without its capture".to_owned());
        }
        if let Some(truth) = &line.truth {
            side(truth, "", &mut self.table, &mut self.truth)?;
        }
        if let Some(captured) = &line.captured {
            if let Some(batch) = &captured.batch_transform_output {
                let (text, writing) = batch.text()?;
                match writing {
                    Writing::Csv => csv::rows(&text, &mut self.table, &mut self.request)?,
                    Writing::Json => self.transformed(&text)?,
                }
            }
            if let Some(request) = &captured.endpoint_input {
                side(request, "an empty request", &mut self.table, &mut self.request)?;
            }
            if let Some(answer) = &captured.endpoint_output {
                side(answer, "an empty answer", &mut self.table, &mut self.answer)?;
            }
        }
        let event = Event { id: line.event_metadata.id(), time: line.event_metadata.time() };
        self.records(event, metadata)
    }

    /// A record that no line of a capture is around.
    fn bare(&mut self, line: &str, value: &Value) -> Result<(), String> {
        self.transformed(line)?;
        let event = Event { id: text(value, ADDED[0]), time: text(value, ADDED[1]) };
        self.records(event, None)
    }

    /// What a batch transform was given, with its answer inside where it was told to join them.
    fn transformed(&mut self, document: &str) -> Result<(), String> {
        json::documents(document, ADDED, &mut self.table, &mut self.request)?;
        if document.trim_start().starts_with('{')
            && let Ok(answer) = sonic_rs::get(document, [ADDED[2]])
        {
            json::documents(answer.as_raw_str(), &[], &mut self.table, &mut self.answer)?;
            // An answer alone leaves an empty request.
            if self.request.cells.is_empty() {
                self.request.clear();
            }
        }
        Ok(())
    }

    /// A row of CSV, with the id and the time that a batch transform adds behind it.
    fn row(&mut self, line: &str) -> Result<(), String> {
        csv::rows(line, &mut self.table, &mut self.request)?;
        if self.table.rows() == 0 && self.is_header() {
            self.left_out.lines -= 1;
            return Ok(());
        }
        let cells = &mut self.request.cells;
        let added = match cells.as_slice() {
            [.., id, time] => {
                let (id, time) = (self.table.get(id.value), self.table.get(time.value));
                let is_id = |id: &str| id.len() == 36 && id.matches('-').count() == 4;
                id.zip(time).filter(|(id, time)| is_id(id) && time.parse::<Timestamp>().is_ok())
            }
            _ => None,
        };
        let added = added.map(|(id, time)| (id.to_owned(), time.to_owned()));
        if added.is_some() {
            cells.truncate(cells.len() - 2);
            self.request.ends = vec![self.request.cells.len()];
        }
        let event = added.as_ref().map(|(id, time)| Event { id: Some(id), time: Some(time) });
        self.records(event.unwrap_or_default(), None)
    }

    /// Whether the row under way has the names of columns.
    fn is_header(&self) -> bool {
        let names = &self.decoder.options.names;
        let is_name = |cell: &Cell| {
            self.table.get(cell.value).is_some_and(|text| names.iter().any(|name| name == text.trim()))
        };
        !self.request.cells.is_empty() && self.request.cells.iter().all(is_name)
    }

    /// Pairs requests with answers, and gives each record its names.
    fn records(&mut self, event: Event<'_>, metadata: Option<&str>) -> Result<(), String> {
        let (requests, truths) = (self.request.records(), self.truth.records());
        self.answer.spread(requests);
        let answers = self.answer.records();
        if requests > 0 && answers > 0 && requests != answers {
            return Err(format!("{requests} requests and {answers} answers"));
        }
        let records = requests.max(answers);
        if records > 0 && truths > 0 && records != truths {
            return Err(format!("{records} records and {truths} labels"));
        }
        let records = records.max(truths);
        if [&self.request, &self.answer, &self.truth].iter().all(|side| side.cells.is_empty()) {
            return Err("nothing captured".to_owned());
        }
        let time = self.time(event.time)?;
        self.check(requests > 0, answers > 0)?;
        for at in 0..records {
            self.record(at, metadata)?;
            let id = match event.id {
                None => NULL,
                Some(id) if at == 0 => Span::of(self.table.keep(id)?, 0..id.len()),
                Some(id) => {
                    let id = format!("{id}/{at}");
                    Span::of(self.table.keep(&id)?, 0..id.len())
                }
            };
            self.table.end(id, time);
        }
        Ok(())
    }

    /// Refuses a line that has not what the first one had. All its records are looked at before one is taken.
    fn check(&mut self, request: bool, answer: bool) -> Result<(), String> {
        for at in 0..self.request.records().max(self.answer.records()) {
            self.naming.of(self.answer.record(at), self.request.record(at), &mut self.table)?;
        }
        let nameless = |cell: &&Cell| cell.placed && cell.name.is_none();
        let count = |side: &Side, at| side.record(at).iter().filter(nameless).count();
        let values = |at| count(&self.request, at) + count(&self.answer, at);
        let known = self.naming_is_open().then(|| values(0)).filter(|values| *values > 0);
        let shape = self.shape.unwrap_or(Shape { request, answer, values: known });
        if shape.request && !request {
            return Err("an answer without its request".to_owned());
        }
        if shape.answer && !answer {
            return Err("a request without its answer".to_owned());
        }
        if let Some(expected) = shape.values
            && let Some(at) =
                (0..self.request.records().max(self.answer.records())).find(|&at| values(at) != expected)
        {
            return Err(format!("expected {expected} values, found {}", values(at)));
        }
        self.shape = Some(shape);
        Ok(())
    }

    fn naming_is_open(&self) -> bool {
        self.decoder.options.names.is_empty() && self.decoder.select.is_empty()
    }

    fn record(&mut self, at: usize, metadata: Option<&str>) -> Result<(), String> {
        if self.decoder.select.is_empty() {
            let (answer, request) = (self.answer.record(at), self.request.record(at));
            let names = self.naming.of(answer, request, &mut self.table)?;
            for (cells, names) in [(answer, &names.answer), (request, &names.request)] {
                for (cell, &name) in cells.iter().zip(names) {
                    self.table.set(name, cell.value, cell.quoted);
                }
            }
        } else {
            self.document.clear();
            self.document.push_str("{\"input\":");
            document(&self.request, at, &self.table, &mut self.document);
            self.document.push_str(",\"output\":");
            document(&self.answer, at, &self.table, &mut self.document);
            self.document.push_str(",\"metadata\":");
            self.document.push_str(metadata.unwrap_or("null"));
            self.document.push('}');
            self.decoder.select.record(&self.document, &mut self.table)?;
        }
        let labels = self.truth.record(at);
        for (index, cell) in labels.iter().enumerate() {
            let own = cell.name.map(|name| self.table.name_text(name).to_owned());
            let name = match own {
                Some(own) => format!("{GROUND_TRUTH}.{own}"),
                None if labels.len() == 1 => GROUND_TRUTH.to_owned(),
                None => format!("{GROUND_TRUTH}.{index}"),
            };
            let name = self.table.name(&name);
            self.table.set(name, cell.value, cell.quoted);
        }
        Ok(())
    }

    /// The time of the event, or the hour of the folder where lines have none.
    fn time(&self, text: Option<&str>) -> Result<Option<i64>, String> {
        let Some(text) = text else { return Ok(self.hour.map(|(start, _)| start)) };
        let Ok(time) = text.parse::<Timestamp>() else { return Err("a time that is none".to_owned()) };
        let micros = time.as_microsecond();
        match self.hour {
            Some((start, end)) if micros < start - SLACK || micros >= end + SLACK => {
                Err("a time more than an hour from the hour of its folder".to_owned())
            }
            _ => Ok(Some(micros)),
        }
    }
}

/// Takes the content of a side; `empty` says what it is when there is none.
fn side(content: &Content<'_>, empty: &str, table: &mut Table, side: &mut Side) -> Result<(), String> {
    let (text, writing) = content.text()?;
    match writing {
        Writing::Csv => csv::rows(&text, table, side)?,
        Writing::Json => json::documents(&text, &[], table, side)?,
    }
    if side.records() == 0 && !empty.is_empty() { Err(empty.to_owned()) } else { Ok(()) }
}

/// A record of a side as JSON: as it was, or a list of its values.
fn document(side: &Side, at: usize, table: &Table, out: &mut String) {
    let Some(&span) = side.texts.get(at) else {
        out.push_str("null");
        return;
    };
    let cells: &[Cell] = side.record(at);
    let is_json = cells.iter().any(|cell| cell.name.is_some());
    if is_json && span != NULL {
        out.push_str(table.get(span).unwrap_or("null"));
        return;
    }
    out.push('[');
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        let text = table.get(cell.value);
        match text {
            None => out.push_str("null"),
            Some(text) if text.parse::<serde_json::Number>().is_ok() => out.push_str(text),
            Some(text) => {
                let _ = write!(out, "{}", serde_json::Value::from(text));
            }
        }
    }
    out.push(']');
}
