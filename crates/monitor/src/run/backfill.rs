//! A run over captures: what no run has read is read, what changed is taken out, the rest is used again.

use rayon::ThreadPool;
use store::{Listed, Location, Plan, Store};

use super::{
    close::Judge,
    identity,
    known::{Dates, Earlier, Origin, Reuse, Sources, Wanted},
    plan,
    reading::{Places, Reading},
    record::record_run,
    rule,
    turned_out::TurnedOut,
};
use crate::{
    Baseline, Compare, Error, Outcome, Settings, Watch, captured, gather,
    outcomes::{self, Counting, OutcomeShelf, Truth},
    profiles::{Entry, Finding, Shelf, State},
    score::{Answers, Cut, Scorer},
    tables::RunRow,
    window::{Calendar, Every},
};

/// Who holds a lease, for others to read.
pub(super) const OWNER: &str = "driftscan";

/// Reads captures that no run has read, compares every window with the baseline, and writes the result tables.
///
/// One run at a time writes to a folder of results; `record` makes the row of this one in `runs.parquet`.
///
/// # Errors
/// When nothing can be read, a setting or the baseline cannot be used, results cannot be written, or another run is
/// writing them. Problems of the data are rows of the results instead.
pub fn backfill(
    store: &Store,
    captures: &Location,
    baseline: &Location,
    results: &Location,
    settings: &Settings,
    watch: Watch<'_>,
    record: &dyn Fn(&Outcome) -> RunRow,
) -> Result<Outcome, Error> {
    let (inputs, listed) = Inputs::read(store, captures, baseline, results, settings, watch)?;
    identity::check(store, results, &inputs.settings)?;
    let lease = store.lease(results, OWNER)?;
    let again = listed.clone();
    let looked = Found::look(store, captures, listed, results, &inputs, watch)
        .and_then(|found| Ok((found, inputs.truth(store, watch)?)));
    let (found, truth) = match looked {
        Ok(looked) => looked,
        Err(error) => {
            // Nothing is left of a run that could not begin, as far as that is ours to say.
            drop(lease);
            drop(store.delete_folder(results));
            return Err(error);
        }
    };
    identity::claim(store, results, &inputs.settings)?;
    store.sweep(results)?;
    let places = Places { results, out: results, lease: &lease };
    let work = Work { store, places, inputs: &inputs, every: inputs.every() };
    let Found { plan, reuse, state, shelf, mut notes } = found;
    let pool = gather::pool(&inputs.settings)?;
    let mut bad = Vec::new();
    let turned_out = match inputs.outcomes(store, results, inputs.every(), &mut notes)? {
        Some(mut shelf) => {
            let form = shelf.form.clone();
            let counting = Counting {
                store,
                settings: &inputs.settings,
                spec: &inputs.baseline.spec,
                form: &form,
                every: inputs.every(),
                pool: &pool,
                stop: watch.stop,
            };
            let Some(updated) =
                outcomes::update(&mut shelf, &counting, captures, again, truth.as_ref(), watch)?
            else {
                let outcome =
                    Outcome { interrupted: true, notes, changes: reuse.changes, ..Outcome::default() };
                record_run(store, results, record(&outcome))?;
                return Ok(outcome);
            };
            notes.extend(updated.note());
            bad = updated.bad;
            // Read again, with what is new.
            inputs.outcomes(store, results, inputs.every(), &mut notes)?
        }
        None => None,
    };
    let wanted = inputs.wanted(captures);
    let sources = Sources::new(&plan, reuse.known);
    let end = Some((state, reuse.others));
    let mut outcome = work.run(plan, sources, shelf, turned_out.as_ref(), &wanted, &pool, watch, end)?;
    for (path, reason) in bad {
        if !outcome.quarantined.iter().any(|(known, _)| *known == path) {
            outcome.quarantined.push((path, reason));
        }
    }
    outcome.notes.splice(0..0, notes);
    outcome.changes = reuse.changes;
    record_run(store, results, record(&outcome))?;
    Ok(outcome)
}

/// What a run is told, read and checked.
pub(super) struct Inputs {
    pub(super) baseline: Baseline,
    /// With a range of whole windows and dates.
    pub(super) settings: Settings,
    /// Digest of how rows are counted.
    spec: String,
    note: Option<String>,
}

impl Inputs {
    pub(super) fn read(
        store: &Store,
        captures: &Location,
        baseline: &Location,
        results: &Location,
        settings: &Settings,
        watch: Watch<'_>,
    ) -> Result<(Self, Listed), Error> {
        plan::apart(captures, results)?;
        let baseline = Baseline::read(store, baseline, settings.compat)?;
        let listed = plan::list(store, captures, watch)?;
        let settings = captured::settle(settings, &listed, Some(&baseline.spec));
        Ok((Self::of(baseline, &settings, settings.windows.every)?, listed))
    }

    /// For profiles that were counted in windows of some length.
    pub(super) fn of(baseline: Baseline, settings: &Settings, counted: Every) -> Result<Self, Error> {
        let (settings, note) = plan::whole_windows(settings)?;
        Ok(Self { spec: rule::of_counting(&baseline, &settings, counted)?, baseline, settings, note })
    }

    pub(super) fn wanted<'a>(&'a self, captures: &'a Location) -> Wanted<'a> {
        let earlier = self.settings.windows.compare != Compare::Baseline;
        Wanted { captures, spec: &self.spec, range: self.range(), earlier }
    }

    pub(super) fn range(&self) -> (Option<i64>, Option<i64>) {
        (self.settings.windows.from, self.settings.windows.to)
    }

    /// What is stored of predictions and labels, where the settings ask for it.
    pub(super) fn outcomes<'a>(
        &self,
        store: &'a Store,
        results: &'a Location,
        every: Every,
        notes: &mut Vec<String>,
    ) -> Result<Option<OutcomeShelf<'a>>, Error> {
        let Some(form) = self.baseline.form(&self.settings)? else { return Ok(None) };
        let spec = outcomes::spec(&form, &self.settings, every);
        OutcomeShelf::open(store, results, form, spec, notes).map(Some)
    }

    /// The labels that lie elsewhere, where they are of use.
    fn truth(&self, store: &Store, watch: Watch<'_>) -> Result<Option<Truth>, Error> {
        match self.baseline.form(&self.settings)? {
            Some(_) => Truth::find(store, &self.settings, watch),
            None => Ok(None),
        }
    }

    fn every(&self) -> Every {
        self.settings.windows.every
    }
}

/// What there is to do.
pub(super) struct Found<'a> {
    pub(super) plan: Plan,
    pub(super) reuse: Reuse,
    pub(super) state: Option<State>,
    pub(super) shelf: Shelf<'a>,
    pub(super) notes: Vec<String>,
}

impl<'a> Found<'a> {
    /// Looks into those of the captures that no run has read.
    pub(super) fn look(
        store: &'a Store,
        captures: &Location,
        mut listed: Listed,
        results: &'a Location,
        inputs: &Inputs,
        watch: Watch<'_>,
    ) -> Result<Self, Error> {
        let Inputs { settings, note, baseline, .. } = inputs;
        let mut notes = Vec::from_iter(note.clone());
        let state = State::read(store, results, &mut notes)?;
        let (shelf, resumed) = Shelf::open(store, results, &mut notes)?;
        let wanted = inputs.wanted(captures);
        let calendar = Calendar::new(settings.windows.every, settings.windows.timezone.clone());
        let earlier = Earlier { shelf: &shelf, state: state.clone().unwrap_or_default(), resumed };
        let mut reuse = Reuse::of(store, &listed, &earlier, &wanted, &mut Dates::new(calendar))?;
        // Where nothing is of use, the reasons are looked for once more.
        if reuse.known.values().all(|(_, entry)| matches!(entry.finding, Finding::Quarantined { .. })) {
            reuse.known.clear();
        }
        notes.extend(plan::settings_note(&earlier, &wanted));
        let left_out =
            reuse.others.iter().filter(|entry| entry.windows(wanted.range).next().is_some()).count();
        if left_out > 0 {
            notes.push(format!(
                "{left_out} captures of earlier runs, elsewhere than these, are left out of the windows that this run writes: \
                 they were counted under other bins or roles, or what was counted is not there; run over them again"
            ));
        }
        let stays = |(origin, entry): &&(Origin, Entry)| {
            *origin == Origin::Elsewhere && entry.windows(wanted.range).next().is_some()
        };
        let elsewhere = reuse.known.values().filter(stays).count();
        if elsewhere > 0 {
            notes.push(format!(
                "{elsewhere} captures of earlier runs, elsewhere than these, stay in the windows as long as they exist"
            ));
        }
        listed.retain(|source| !reuse.known.contains_key(&source.id));
        let others = !reuse.known.is_empty();
        let plan = plan::for_windows(store, captures, listed, settings, watch, &baseline.spec, others)?;
        Ok(Self { plan, reuse, state, shelf, notes })
    }
}

/// A run from stored profiles, and from captures that are read now.
pub(super) struct Work<'a> {
    pub(super) store: &'a Store,
    pub(super) places: Places<'a>,
    pub(super) inputs: &'a Inputs,
    /// Length of the windows that profiles are stored by.
    pub(super) every: Every,
}

impl<'a> Work<'a> {
    /// Makes the tables; `end` is what to remember of a run that comes to its end.
    #[expect(clippy::too_many_arguments, reason = "the parts of a run, each made by its own module")]
    pub(super) fn run(
        &self,
        plan: Plan,
        sources: Sources,
        shelf: Shelf<'a>,
        outcomes: Option<&OutcomeShelf<'_>>,
        wanted: &Wanted<'_>,
        pool: &ThreadPool,
        watch: Watch<'a>,
        end: Option<(Option<State>, Vec<Entry>)>,
    ) -> Result<Outcome, Error> {
        let Inputs { baseline, settings, .. } = self.inputs;
        let paths: Vec<String> = sources.all.iter().map(|known| known.path.clone()).collect();
        let mut calendar = Calendar::new(settings.windows.every, settings.windows.timezone.clone());
        let (turned_out, note) =
            outcomes.map(|shelf| TurnedOut::new(&shelf.form, settings, baseline)).unzip();
        let judge = Judge {
            monitor: settings.monitor.as_str().into(),
            baseline,
            scorer: Scorer::new(&settings.metrics, &baseline.constraints)?,
            answers: Answers::new(settings, baseline),
            cuts: settings.bins.map_or_else(Vec::new, |bins| Cut::all(baseline, bins)),
            compat: settings.compat,
            theirs_are_known: settings.compat.is_some() || baseline.spec.has_arrival() == Some(true),
            emit: settings.emit,
            roles: &settings.roles,
            outcomes: turned_out,
            volumes: plan::volumes(baseline, &mut calendar, settings.windows.every),
            paths: &paths,
        };
        let rule = rule::of_judging(baseline, settings);
        let mut reading = Reading::new(
            self.store,
            self.places,
            settings,
            self.every,
            plan,
            wanted,
            &judge,
            shelf,
            outcomes,
            sources,
            &rule,
            pool,
            watch,
        )?;
        reading.outcome.notes.extend(note.flatten());
        reading.outcome.notes.extend(judge.answers.note());
        if reading.run()? {
            match end {
                Some((state, others)) => reading.finish(state, others)?,
                None => reading.finish_rescore()?,
            }
        }
        let lacking = reading.history.note();
        reading.outcome.notes.extend(lacking);
        Ok(reading.outcome)
    }
}
