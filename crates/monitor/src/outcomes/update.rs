//! Brings what is stored of predictions and labels up to date with captures and ground truth.

use store::{Listed, Location};

use super::{
    Counting, Form, Joined, OutcomeShelf, Truth,
    fresh::{Fresh, Reading},
    known::{Dates, Known, with_labels},
    restate::restate,
};
use crate::{
    Error, Settings, Watch,
    profiles::{Digest, Entry, Finding, State, version_of},
    window::Every,
};

/// What an update came to.
#[derive(Debug, Default)]
pub(crate) struct Updated {
    /// Captures that were read, and how many there are.
    read: u64,
    of: u64,
    /// Dates of which something else is known than before.
    restated: u64,
    /// Captures whose predictions and labels could not be counted: path and reason.
    pub(crate) bad: Vec<(String, String)>,
    /// What became of labels that lie elsewhere, where they were read.
    labels: Option<quality::join::Counted>,
    /// An id of each side, where none of them meet.
    apart: Option<(String, String)>,
}

impl Updated {
    /// One sentence about labels, where they lie elsewhere.
    pub(crate) fn note(&self) -> Option<String> {
        let mut text = format!("{}; {} dates are restated", joined(&self.labels?), self.restated);
        if self.read < self.of {
            text.push_str(&format!("; {} of {} captures were read for it", self.read, self.of));
        }
        if let Some((record, label)) = &self.apart {
            text.push_str(&format!(
                "; no id is on both sides: a prediction has `{record}`, a label `{label}` (`id` under [ground_truth] names \
                 another column)"
            ));
        }
        Some(text)
    }
}

/// What became of labels and predictions, in one sentence.
pub(crate) fn joined(met: &quality::join::Counted) -> String {
    let quality::join::Counted { matched, unlabelled, unmatched_labels, repeated_labels, .. } = met;
    let mut text = format!(
        "ground truth: {matched} predictions have their label, {unlabelled} have none yet; {unmatched_labels} labels have no \
         prediction here, {repeated_labels} are repeated (the last to arrive counts), {} arrived before their prediction, {} \
         later than asked",
        met.early_labels, met.later_labels,
    );
    if met.repeated_records > 0 {
        text.push_str(&format!("; {} predictions repeat an id (the last counts)", met.repeated_records));
    }
    text
}

/// Digest of the form, windows and segments that outcomes are counted in.
pub(crate) fn spec(form: &Form, settings: &Settings, every: Every) -> String {
    let zone = settings.windows.timezone.iana_name().unwrap_or("UTC");
    let Settings { roles, segment_by, records, .. } = settings;
    let digest = Digest::new("outcomes spec").text(form.digest()).text(every).text(zone);
    let digest = digest.text(format_args!("{:?}", form.estimator));
    digest.text(format_args!("{segment_by:?} {:?} {:?} {records:?}", roles.timestamp, roles.id)).finish()
}

/// Refuses to forget what earlier runs knew of labels because a name was mistyped or left out.
fn keep(shelf: &OutcomeShelf<'_>, counting: &Counting<'_>, truth: Option<&Truth>) -> Result<(), Error> {
    let known = shelf.state.joined.as_ref().map_or(0, |joined| joined.labels.len());
    let are_there = truth.is_some_and(|truth| truth.files().next().is_some());
    if known == 0 || are_there || counting.form.label.is_none() {
        return Ok(());
    }
    let place = counting.settings.ground_truth.as_ref().map(|truth| truth.captures.to_string());
    let what = place.map_or_else(
        || "and none are named now (--ground-truth URL)".to_owned(),
        |place| format!("and there are none at `{place}`"),
    );
    Err(Error::Setting {
        name: "ground_truth.captures".to_owned(),
        reason: format!(
            "these results know the labels of {known} files from elsewhere, {what}; name them, or write to another folder (--out)"
        ),
    })
}

/// Reads what is new or changed, with labels that lie elsewhere; `None` when the run is to stop.
pub(crate) fn update(
    shelf: &mut OutcomeShelf<'_>,
    counting: &Counting<'_>,
    captures: &Location,
    listed: Listed,
    truth: Option<&Truth>,
    watch: Watch<'_>,
) -> Result<Option<Updated>, Error> {
    keep(shelf, counting, truth)?;
    let windows = &counting.settings.windows;
    let range = (windows.from, windows.to);
    let mut dates = Dates::new(counting.every, windows.timezone.clone());
    let mut known = Known::of(shelf, (captures, &listed), truth, range, &mut dates);
    let of = listed.sources().count() as u64;
    let reading = Reading { counting, listed, range, watch };
    let spec = match truth {
        Some(truth) => {
            let files = truth.files().map(|file| (file.id.as_str(), version_of(file)));
            with_labels(&shelf.spec, &truth.digest(files))
        }
        None => shelf.spec.clone(),
    };
    let fresh = match truth {
        Some(_) if known.is_all => Some(Fresh::nothing(shelf.state.joined.clone())?),
        Some(truth) => reading.joined(shelf, &mut known, truth, &spec)?,
        None => reading.alone(&known, &spec)?,
    };
    let Some(fresh) = fresh else { return Ok(None) };
    let aside = truth.map_or_else(Vec::new, |truth| truth.aside(&shelf.state.aside));
    let bad = |entry: &Entry| match &entry.finding {
        Finding::Quarantined { reason, .. } => Some((entry.path.clone(), reason.clone())),
        _ => None,
    };
    let mut updated = Updated { read: fresh.read, of, bad: aside.clone(), ..Updated::default() };
    updated.bad.extend(fresh.bad.iter().cloned());
    updated.bad.extend(known.current.values().filter_map(bad));
    updated.labels = fresh.joined.as_ref().filter(|_| !known.is_all).map(Joined::met);
    let apart = fresh.joined.as_ref().and_then(Joined::apart);
    updated.apart = apart.map(|(record, label)| (record.to_owned(), label.to_owned()));
    let state = State { range, aside, ..State::default() };
    updated.restated = restate(shelf, counting, &mut dates, (known, fresh), state, &spec)?;
    Ok(Some(updated))
}
