//! Captured requests and answers as Parquet, so that months of JSON are read once.

mod columns;
mod units;

use std::{mem, sync::Arc};

use arrow_array::RecordBatch;
use store::{Location, Store, TableFile};

use self::{
    columns::unify,
    units::{Note, Unit, Units},
};
use crate::{
    BadLines, Baseline, Error, OnBadFile, Progress, Roles, Settings, Watch, captured,
    gather::{self, Pass, Trouble},
    run::{apart, list, plan_captures},
};

/// Bytes of records that wait to be written, as a part of the budget.
const WAITING: u64 = 8;
/// The key of a file's note on what it was made of.
const NOTE: &str = "driftscan.converted";

/// What a conversion came to.
#[derive(Debug, Default)]
pub struct Converted {
    /// Captures that were read.
    pub files: u64,
    /// Captures that earlier runs had converted, and that have not changed since.
    pub reused: u64,
    /// Records written.
    pub rows: u64,
    /// Files written.
    pub files_written: u64,
    /// Their size.
    pub bytes_written: u64,
    /// Lines that are no records.
    pub bad_lines: BadLines,
    /// Captures set aside: path and reason.
    pub quarantined: Vec<(String, String)>,
    /// Whether it was stopped before its end; what is written is whole.
    pub interrupted: bool,
}

/// Writes the records of captures as Parquet: one row a record, with its id, time, features and outputs.
///
/// Captures of one day lie in one folder, `date=2026-02-01`. A day whose captures have not changed since it was written
/// is left as it is; names of values come from `baseline`, if one is given and the settings name none.
///
/// # Errors
/// When nothing can be read, or the folder cannot be written.
pub fn convert(
    store: &Store,
    captures: &Location,
    out: &Location,
    baseline: Option<&Location>,
    settings: &Settings,
    watch: Watch<'_>,
) -> Result<Converted, Error> {
    apart(captures, out)?;
    let baseline = baseline.map(|folder| Baseline::read(store, folder, None)).transpose()?;
    let spec = baseline.as_ref().map(|baseline| &baseline.spec);
    let mut listed = list(store, captures, watch)?;
    listed.retain(|source| source.format.is_records());
    let mut settings = captured::settle(settings, &listed, spec);
    // All columns, whatever their roles.
    settings.roles = Roles::default();
    let lease = store.lease(out, "driftscan convert")?;
    let mut units = Units::new(store, out, &listed, &settings)?;
    let mut converted = Converted { reused: units.up_to_date(), ..Converted::default() };
    units.remove_gone()?;
    listed.retain(|source| units.wants(source));
    if listed.sources().next().is_none() {
        if converted.reused > 0 {
            return Ok(converted);
        }
        let reason = format!(
            "no captured requests at `{captures}`: expected JSON Lines as endpoints write them; Parquet can be read as it is"
        );
        return Err(Error::NoData { reason });
    }
    let plan = Arc::new(plan_captures(store, captures, listed, &settings, watch, spec)?);
    for source in &plan.sources {
        if let store::PlanStatus::Quarantined(reason) = &source.status {
            converted.set_aside(&settings, &source.source.path, reason)?;
        }
    }
    let pool = gather::pool(&settings)?;
    let mut progress = gather::planned(&plan);
    let mut open = Open { store, out, units: &mut units, unit: None, waiting: Vec::new(), bytes: 0, part: 0 };
    let most = gather::memory(&settings) / WAITING;
    let pass = Pass {
        columns: gather::columns(&plan, &settings),
        store,
        plan: &plan,
        settings: &settings,
        pool: &pool,
        watch,
    };
    let finished = pass.run(
        |_, task| {
            let batches = task.batches(None).collect::<Result<Vec<RecordBatch>, store::Error>>()?;
            Ok::<_, Trouble>((batches, task.left_out()))
        },
        |whole, (batches, left_out)| {
            whole.0.extend(batches);
            whole.1.merge(left_out);
        },
        &mut progress,
        |source, result, progress: &mut Progress| {
            if !lease.is_held() {
                return Err(Error::Results {
                    place: out.to_string(),
                    reason: "another conversion took over while this one did not answer: run it again when that one has ended"
                        .to_owned(),
                });
            }
            let source = &plan.sources[source].source;
            let (batches, left_out) = match result {
                Ok(read) => read.unwrap_or_default(),
                Err(fault) => return converted.set_aside(&settings, &source.path, &fault.reason),
            };
            let rows = batches.iter().map(|batch| batch.num_rows() as u64).sum::<u64>();
            if rows == 0 && left_out.count() > 0 {
                return converted.set_aside(&settings, &source.path, &left_out.describe());
            }
            converted.files += 1;
            converted.rows += rows;
            converted.bad_lines.add(&source.path, &left_out);
            progress.windows = converted.files_written;
            open.take(units::key(source), batches, most, &mut converted)
        },
    )?;
    if finished {
        open.close(&mut converted)?;
    }
    converted.interrupted = !finished;
    Ok(converted)
}

/// The unit that records come in for.
struct Open<'a> {
    store: &'a Store,
    out: &'a Location,
    units: &'a mut Units<'a>,
    unit: Option<String>,
    waiting: Vec<RecordBatch>,
    bytes: u64,
    /// Number of the next file.
    part: usize,
}

impl Open<'_> {
    /// Takes the records of a source; the sources of a unit come one after the other.
    fn take(
        &mut self,
        unit: String,
        batches: Vec<RecordBatch>,
        most: u64,
        converted: &mut Converted,
    ) -> Result<(), Error> {
        if self.unit.as_ref() != Some(&unit) {
            self.close(converted)?;
            self.unit = Some(unit);
        }
        self.bytes += batches.iter().map(|batch| batch.get_array_memory_size() as u64).sum::<u64>();
        self.waiting.extend(batches);
        if self.bytes > most { self.write(false, converted) } else { Ok(()) }
    }

    /// Ends the unit.
    fn close(&mut self, converted: &mut Converted) -> Result<(), Error> {
        self.write(true, converted)?;
        if let Some(unit) = self.unit.take() {
            self.units.settle(&unit, self.part)?;
        }
        self.part = 0;
        Ok(())
    }

    fn write(&mut self, last: bool, converted: &mut Converted) -> Result<(), Error> {
        let Some(Unit { digest, .. }) = self.unit.as_ref().and_then(|unit| self.units.get(unit)) else {
            return Ok(());
        };
        let note = Note { digest: digest.clone(), part: self.part, last };
        let (schema, batches) = unify(&mem::take(&mut self.waiting))?;
        self.bytes = 0;
        let mut file = TableFile::new(schema)?;
        for batch in batches {
            file.write(&batch)?;
        }
        file.note(NOTE, &serde_json::to_string(&note)?);
        let content = file.finish()?;
        let name = units::file(self.unit.as_deref().unwrap_or_default(), self.part);
        converted.bytes_written += content.len() as u64;
        converted.files_written += 1;
        self.store.write(&self.out.join(&name)?, content)?;
        self.part += 1;
        Ok(())
    }
}

impl Converted {
    fn set_aside(&mut self, settings: &Settings, path: &str, reason: &str) -> Result<(), Error> {
        let (path, reason) = (path.to_owned(), gather::plain_reason(path, reason));
        if settings.on_bad_file == OnBadFile::Fail {
            return Err(Error::BadFile { path, reason });
        }
        self.quarantined.push((path, reason));
        Ok(())
    }
}
