//! Rows of one side in parts by their id, in memory as far as it goes and then in a file.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use arrow_array::{Array as _, RecordBatch, UInt32Array};
use arrow_ipc::{reader::StreamReader, writer::StreamWriter};
use arrow_schema::SchemaRef;
use arrow_select::{concat::concat_batches, take::take_record_batch};

use super::{JoinError, PARTS, side::Side};

#[derive(Debug)]
pub(super) struct Spill {
    folder: PathBuf,
    /// How much may wait in memory.
    bytes: usize,
    schema: SchemaRef,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Rows in memory, by part.
    waiting: Vec<Vec<RecordBatch>>,
    waiting_bytes: usize,
    /// Has no name: it is gone with the program.
    file: Option<File>,
    /// Where in the file rows of each part are, and how many bytes.
    blocks: Vec<Vec<(u64, usize)>>,
    end: u64,
}

impl Spill {
    pub(super) fn new(folder: &Path, bytes: usize, schema: &SchemaRef) -> Self {
        let state =
            State { waiting: vec![Vec::new(); PARTS], blocks: vec![Vec::new(); PARTS], ..State::default() };
        Self { folder: folder.to_owned(), bytes, schema: SchemaRef::clone(schema), state: Mutex::new(state) }
    }

    /// A thread that panicked leaves nothing half done that another would trip over.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn disk(&self) -> impl Fn(io::Error) -> JoinError + use<'_> {
        |source| JoinError::Disk { folder: self.folder.display().to_string(), source }
    }

    pub(super) fn disk_bytes(&self) -> u64 {
        self.state().end
    }

    pub(super) fn push(&self, batch: &RecordBatch) -> Result<(), JoinError> {
        if batch.schema_ref().fields() != self.schema.fields() {
            return Err(JoinError::Columns("a batch with other columns than the first".to_owned()));
        }
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let (order, ends) = parted(&Side::of(batch)?);
        let sorted = take_record_batch(batch, &order)?;
        let bytes = sorted.get_array_memory_size();
        let full = {
            let mut state = self.state();
            let mut start = 0;
            for (part, end) in ends.into_iter().enumerate() {
                if end > start {
                    state.waiting[part].push(sorted.slice(start, end - start));
                }
                start = end;
            }
            state.waiting_bytes += bytes;
            (state.waiting_bytes > self.bytes).then(|| {
                state.waiting_bytes = 0;
                state.waiting.iter_mut().map(std::mem::take).collect::<Vec<_>>()
            })
        };
        full.map_or(Ok(()), |parts| self.write(parts))
    }

    /// Writes what waited to the file.
    fn write(&self, parts: Vec<Vec<RecordBatch>>) -> Result<(), JoinError> {
        let mut blocks = Vec::with_capacity(PARTS);
        let mut content = Vec::new();
        for batches in parts {
            let start = content.len();
            if !batches.is_empty() {
                let mut writer = StreamWriter::try_new(&mut content, &self.schema)?;
                writer.write(&concat_batches(&self.schema, &batches)?)?;
                writer.finish()?;
            }
            blocks.push((start, content.len() - start));
        }
        let mut state = self.state();
        if state.file.is_none() {
            state.file = Some(tempfile::tempfile_in(&self.folder).map_err(self.disk())?);
        }
        let base = state.end;
        state.end += content.len() as u64;
        let file = state.file.as_ref().map(File::try_clone).transpose().map_err(self.disk())?;
        for (of_part, (start, length)) in state.blocks.iter_mut().zip(blocks) {
            if length > 0 {
                of_part.push((base + start as u64, length));
            }
        }
        drop(state);
        file.map_or(Ok(()), |file| file.write_all_at(&content, base)).map_err(self.disk())
    }

    /// All rows of a part.
    pub(super) fn read(&self, part: usize) -> Result<RecordBatch, JoinError> {
        let (mut batches, blocks, file) = {
            let state = self.state();
            let file = state.file.as_ref().map(File::try_clone).transpose().map_err(self.disk())?;
            (
                state.waiting.get(part).cloned().unwrap_or_default(),
                state.blocks.get(part).cloned().unwrap_or_default(),
                file,
            )
        };
        for (start, length) in blocks {
            let Some(file) = &file else { break };
            let mut content = vec![0; length];
            file.read_exact_at(&mut content, start).map_err(self.disk())?;
            for batch in StreamReader::try_new(content.as_slice(), None)? {
                batches.push(batch?);
            }
        }
        Ok(concat_batches(&self.schema, &batches)?)
    }
}

/// Rows in the order of their parts, and where each part ends. Rows without an id are spread evenly: no row meets them.
fn parted(side: &Side<'_>) -> (UInt32Array, Vec<usize>) {
    let part_of = |row: usize| {
        let hash = if side.ids.is_valid(row) { hash(side.ids.value(row)) } else { row as u64 };
        usize::try_from(hash % PARTS as u64).unwrap_or(0)
    };
    let parts: Vec<usize> = (0..side.ids.len()).map(part_of).collect();
    let mut ends = vec![0; PARTS];
    for &part in &parts {
        ends[part] += 1;
    }
    let mut next = vec![0; PARTS];
    let mut sum = 0;
    for (next, end) in next.iter_mut().zip(&mut ends) {
        *next = sum;
        sum += *end;
        *end = sum;
    }
    let mut order = vec![0; parts.len()];
    for (row, part) in (0_u32..).zip(parts) {
        order[next[part]] = row;
        next[part] += 1;
    }
    (UInt32Array::from(order), ends)
}

/// The lowest bits say which part a row belongs to, the others where it is looked for there.
pub(super) fn hash(id: &str) -> u64 {
    sketch::hash_bytes(id.as_bytes())
}
