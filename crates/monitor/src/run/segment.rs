//! One window and its segments: profiles, and which captures may be to blame for what.

use std::{collections::BTreeMap, sync::Arc};

use profile::{FeatureProfile, Kind, Profile, Spec};

use crate::{check::Offence, outcomes::Outcomes};

/// Captures named beside a violation.
const MAX_SOURCES: usize = 5;

/// The records of one window and segment so far.
#[derive(Debug, Default, Clone)]
pub(super) struct Segment {
    pub(super) profile: Profile,
    /// Captures that have a record in it.
    pub(super) files: u64,
    /// The first captures, by position in the plan, for each way of breaking a constraint and feature.
    evidence: BTreeMap<(Offence, u32), Vec<u32>>,
    /// The same for columns that the baseline does not have.
    extra: BTreeMap<String, Vec<u32>>,
    any: Vec<u32>,
    /// Source that was seen last.
    last: Option<u32>,
}

impl Segment {
    /// Adds what a source has of this window and segment, or a part of that.
    fn observe(&mut self, spec: &Spec, source: u32, profile: Profile) {
        self.files += u64::from(self.last != Some(source));
        self.last = Some(source);
        note(&mut self.any, source);
        for ((feature, kind), position) in
            profile.features.iter().zip(spec.features().iter().map(|f| &f.kind)).zip(0_u32..)
        {
            for offence in offences(feature, kind) {
                note(self.evidence.entry((offence, position)).or_default(), source);
            }
        }
        for name in profile.extra.keys() {
            note(self.extra.entry(name.clone()).or_default(), source);
        }
        if self.profile.features.is_empty() {
            self.profile = profile;
        } else {
            self.profile.merge(&profile);
        }
    }

    /// Adds another segment of the same window. Its captures are counted by the caller.
    fn merge(&mut self, other: &Self) {
        self.profile.merge(&other.profile);
        for (key, sources) in &other.evidence {
            union(self.evidence.entry(*key).or_default(), sources);
        }
        for (name, sources) in &other.extra {
            union(self.extra.entry(name.clone()).or_default(), sources);
        }
        union(&mut self.any, &other.any);
    }

    /// The first captures that hold the offending rows of a feature.
    pub(super) fn sources(&self, offence: Offence, position: Option<usize>, name: &str) -> &[u32] {
        let Some(position) = position else {
            return self.extra.get(name).map_or(&self.any, Vec::as_slice);
        };
        let key = (offence, u32::try_from(position).unwrap_or(u32::MAX));
        self.evidence.get(&key).map_or(&self.any, Vec::as_slice)
    }
}

fn note(sources: &mut Vec<u32>, source: u32) {
    if sources.len() < MAX_SOURCES && sources.last() != Some(&source) {
        sources.push(source);
    }
}

fn union(sources: &mut Vec<u32>, other: &[u32]) {
    sources.extend(other);
    sources.sort_unstable();
    sources.dedup();
    sources.truncate(MAX_SOURCES);
}

/// The ways in which some rows of a source may break a constraint.
fn offences(feature: &FeatureProfile, kind: &Kind) -> impl Iterator<Item = Offence> {
    let counts = &feature.counts;
    let (mut outside, mut fractions) = (false, false);
    if let Kind::Number { bins, integral, .. } = kind {
        let range = bins.range().zip(feature.moments.min().zip(feature.moments.max()));
        outside =
            counts.infinities() > 0 || range.is_some_and(|((low, high), (min, max))| min < low || max > high);
        fractions = *integral && counts.fractions > 0;
    }
    [
        (Offence::Missing, counts.missing() > 0),
        (Offence::Absent, counts.absent > 0),
        (Offence::Mismatched, counts.mismatched > 0 || fractions),
        (Offence::New, feature.names.new_rows() > 0),
        (Offence::Outside, outside),
        (Offence::Negative, counts.negatives > 0),
    ]
    .into_iter()
    .filter_map(|(offence, holds)| holds.then_some(offence))
}

/// One window with its segments; `None` is all rows.
#[derive(Debug, Default)]
pub(super) struct OpenWindow {
    pub(super) segments: BTreeMap<Option<Arc<str>>, Segment>,
    /// How predictions turned out, where that was counted.
    pub(super) outcomes: BTreeMap<Option<Arc<str>>, Outcomes>,
    /// Source that was seen last.
    last: Option<u32>,
}

impl OpenWindow {
    /// Adds what a source has of a segment of this window; sources come one after the other.
    pub(super) fn observe(&mut self, spec: &Spec, source: u32, segment: Option<Arc<str>>, profile: Profile) {
        if segment.is_some() && self.last != Some(source) {
            self.segments.entry(None).or_default().files += 1;
        }
        self.last = Some(source);
        self.segments.entry(segment).or_default().observe(spec, source, profile);
    }

    /// Adds how predictions of a source turned out, in a segment of this window; says whether they fit those before.
    #[must_use]
    pub(super) fn observe_outcomes(&mut self, segment: Option<Arc<str>>, outcomes: &Outcomes) -> bool {
        let mut fits = true;
        for segment in [None, segment.clone()].into_iter().take(1 + usize::from(segment.is_some())) {
            match self.outcomes.get_mut(&segment) {
                Some(known) => fits &= known.merge(outcomes),
                None => drop(self.outcomes.insert(segment, outcomes.clone())),
            }
        }
        fits
    }

    /// Makes the segment of all rows, which are those of the segments together.
    pub(super) fn close(&mut self, spec: &Spec) {
        if let Some(mut all) = self.segments.remove(&None) {
            if all.profile.features.is_empty() {
                all.profile = Profile::new(spec);
                for segment in self.segments.values() {
                    all.merge(segment);
                }
            }
            self.segments.insert(None, all);
        }
    }
}
