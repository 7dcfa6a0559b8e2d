//! From a finished window to the rows of its tables.

use std::sync::Arc;

use profile::{FeatureProfile, FeatureSpec, Profile};

use super::{
    history::{Profiles, Reference},
    plan::MIN_VOLUMES,
    segment::{OpenWindow, Segment},
    turned_out::TurnedOut,
    verdicts::{findings, violation},
};
use crate::{
    Compat, Emit, Error, Roles,
    baseline::Baseline,
    check::{Facts, Found},
    quality_outcome::QualityRow,
    sagemaker,
    score::{Answers, Cut, Distribution, Pair, Scored, Scorer, Turned, judge, volume},
    tables::{
        ConfusionRow, CurveRow, FeatureRow, HistogramRow, Key, ScoreRow, Status, ViolationRow, WindowRow,
        WindowStatus,
    },
    window::Window,
};

/// Rows of all tables.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) windows: Vec<WindowRow>,
    /// What a summary says of model quality, where scores are not kept.
    pub(crate) quality: Vec<QualityRow>,
    pub(crate) scores: Vec<ScoreRow>,
    pub(crate) violations: Vec<ViolationRow>,
    pub(crate) histograms: Vec<HistogramRow>,
    pub(crate) features: Vec<FeatureRow>,
    pub(crate) curves: Vec<CurveRow>,
    pub(crate) confusion: Vec<ConfusionRow>,
    /// Documents in the form of another tool, where they are wanted.
    pub(crate) documents: Vec<sagemaker::Documents>,
}

impl Rows {
    /// What scores say of model quality as a whole.
    pub(super) fn quality(scores: &[ScoreRow]) -> Vec<QualityRow> {
        scores.iter().filter_map(QualityRow::of_score).collect()
    }

    pub(crate) fn append(&mut self, mut other: Self) {
        self.windows.append(&mut other.windows);
        self.quality.append(&mut other.quality);
        self.scores.append(&mut other.scores);
        self.violations.append(&mut other.violations);
        self.histograms.append(&mut other.histograms);
        self.features.append(&mut other.features);
        self.curves.append(&mut other.curves);
        self.confusion.append(&mut other.confusion);
        self.documents.append(&mut other.documents);
    }
}

/// What windows are compared with.
#[derive(Debug)]
pub(super) struct Judge<'a> {
    pub(super) monitor: Arc<str>,
    pub(super) baseline: &'a Baseline,
    pub(super) scorer: Scorer<'a>,
    pub(super) answers: Answers<'a>,
    /// Coarse bins of each feature, where they are others than the baseline's.
    pub(super) cuts: Vec<Option<Cut>>,
    pub(super) roles: &'a Roles,
    /// What is counted of predictions and labels, and what the baseline has of it.
    pub(super) outcomes: Option<TurnedOut<'a>>,
    /// The tool whose verdicts are to be had.
    pub(super) compat: Option<Compat>,
    /// Whether what Model Monitor finds is known: its distances need sketches in the order of rows, which a baseline in
    /// its form has.
    pub(super) theirs_are_known: bool,
    /// The tool whose documents are wanted.
    pub(super) emit: Option<Emit>,
    /// Rows of the baseline's windows of the same length, ascending; empty where they are not known.
    pub(super) volumes: Vec<u64>,
    /// Paths of the sources, by position in the plan.
    pub(super) paths: &'a [String],
}

/// One segment on its way through.
pub(super) struct Scoring<'a> {
    pub(super) key: Key,
    pub(super) segment: &'a Segment,
    pub(super) baseline: Option<&'a Profile>,
    pub(super) volume: Option<Scored>,
    pub(super) features: Vec<FeatureScoring<'a>>,
    /// How predictions turned out.
    pub(super) outcomes: Vec<Turned>,
    /// What Model Monitor says of that, where its verdicts are wanted.
    pub(super) theirs: Vec<ScoreRow>,
}

/// One feature of it.
pub(super) struct FeatureScoring<'a> {
    /// Its position in the baseline.
    pub(super) position: usize,
    pub(super) spec: &'a FeatureSpec,
    /// The baseline's side, and both distributions where they can be compared.
    pub(super) before: Option<(&'a FeatureProfile, Option<Distribution>)>,
    pub(super) current: &'a FeatureProfile,
    pub(super) scores: Vec<Scored>,
    /// Its distance as another tool measures it.
    pub(super) theirs: Option<ScoreRow>,
}

impl Judge<'_> {
    /// Scores a window, its segments together, then lets every check look at it.
    pub(super) fn window(
        &self,
        window: Window,
        open: &OpenWindow,
        reason: Option<&str>,
        reference: &Reference,
    ) -> Result<Rows, Error> {
        let mut scorings: Vec<Scoring<'_>> = open
            .segments
            .iter()
            .map(|(name, segment)| self.score(window, name.clone(), segment, open, reference))
            .collect();
        judge(scorings.iter_mut().flat_map(|scoring| {
            let features = scoring.features.iter_mut().flat_map(|feature| &mut feature.scores);
            let outcomes = scoring.outcomes.iter_mut().map(|turned| &mut turned.scored);
            scoring.volume.iter_mut().chain(features).chain(outcomes)
        }));
        let mut rows = Rows::default();
        for scoring in scorings {
            if let Some(turned_out) = &self.outcomes {
                rows.append(turned_out.charts(&scoring.key, open, reference));
            }
            rows.append(self.check(scoring, reason, reference));
        }
        if open.segments.len() > 1 {
            // A segment of the baseline that has gone quiet is as telling as one that moved.
            for name in self.profiles(reference).keys().filter(|name| !open.segments.contains_key(*name)) {
                rows.windows.push(self.silent(self.key(window, name.clone()), reference));
            }
        }
        if let (Some(Emit::Sagemaker), Some(all)) = (self.emit, open.segments.get(&None)) {
            let violations: Vec<ViolationRow> =
                rows.violations.iter().filter(|row| row.key.segment.is_none()).cloned().collect();
            let of_all = sagemaker::Window {
                start: window.start,
                spec: &self.baseline.spec,
                profile: &all.profile,
                roles: self.roles,
                scorer: &self.scorer,
                violations: &violations,
                compat: self.compat.is_some(),
            };
            let mut documents = of_all.documents()?;
            documents.files.extend(self.documents_of_labels(window, open, &rows.scores)?);
            rows.documents.push(documents);
        }
        Ok(rows)
    }

    /// What the monitors of predictions and labels would leave of a window.
    fn documents_of_labels(
        &self,
        window: Window,
        open: &OpenWindow,
        scores: &[ScoreRow],
    ) -> Result<Vec<sagemaker::File>, Error> {
        let labels =
            self.outcomes.as_ref().and_then(|outcomes| Some((outcomes, outcomes.labels(&None, open)?)));
        let Some((outcomes, labels)) = labels else { return Ok(Vec::new()) };
        let mut broken = match self.compat {
            None => scores.iter().filter(|row| row.key.segment.is_none()).cloned().collect(),
            Some(_) if self.scorer.is_judged("", None) => outcomes.theirs(&self.key(window, None), open),
            Some(_) => Vec::new(),
        };
        broken.retain(|row| row.status == Status::Violated);
        Ok(labels.documents(&broken)?)
    }

    /// A window without rows.
    pub(super) fn empty(&self, window: Window, reason: Option<String>, reference: &Reference) -> Rows {
        let key = self.key(window, None);
        let mut rows = Rows::default();
        let mut row = self.silent(key.clone(), reference);
        if reason.is_some() {
            (row.status, row.reason) = (WindowStatus::Failed, reason);
        }
        if let Some(mut volume) = volume(&key, 0, self.volumes(reference)) {
            judge(std::iter::once(&mut volume));
            let facts = Facts { scores: std::slice::from_ref(&volume), ..Facts::default() };
            for (check, finding) in findings(&facts).into_iter().filter(|_| self.compat.is_none()) {
                row.violations += 1;
                let found = Found { check, features: Vec::new(), finding, sources: Vec::new() };
                rows.violations.push(violation(&key, found));
            }
            rows.scores.push(volume.row);
        }
        rows.scores.extend(self.answers.throughput(&key, 0, self.volumes(reference)));
        rows.windows.push(row);
        rows
    }

    /// The row of a window and segment without records.
    fn silent(&self, key: Key, reference: &Reference) -> WindowRow {
        WindowRow {
            baseline_rows: self.profiles(reference).get(&key.segment).map_or(0, |profile| profile.rows),
            key,
            status: WindowStatus::NoData,
            rows: 0,
            files: 0,
            violations: 0,
            features_drifted: 0,
            reason: None,
        }
    }

    /// What segments are compared with.
    fn profiles<'a>(&'a self, reference: &'a Reference) -> &'a Profiles {
        match reference {
            Reference::Baseline => &self.baseline.profiles,
            Reference::Earlier { profiles, .. } => profiles,
        }
    }

    /// Rows of windows to compare the number of rows with, where there are enough to say what is usual.
    pub(super) fn volumes<'a>(&'a self, reference: &'a Reference) -> &'a [u64] {
        match reference {
            Reference::Baseline => &self.volumes,
            Reference::Earlier { volumes, .. } if volumes.len() >= MIN_VOLUMES => volumes,
            Reference::Earlier { .. } => &[],
        }
    }

    fn key(&self, window: Window, segment: Option<Arc<str>>) -> Key {
        Key {
            monitor: Arc::clone(&self.monitor),
            window_start: window.start,
            window_end: window.end,
            segment,
        }
    }

    fn score<'a>(
        &'a self,
        window: Window,
        name: Option<Arc<str>>,
        segment: &'a Segment,
        open: &OpenWindow,
        reference: &'a Reference,
    ) -> Scoring<'a> {
        let key = self.key(window, name);
        let baseline = self.profiles(reference).get(&key.segment);
        let volume = if key.segment.is_none() {
            volume(&key, segment.profile.rows, self.volumes(reference))
        } else {
            None
        };
        let specs = self.baseline.spec.features();
        let monitored = specs
            .iter()
            .zip(&segment.profile.features)
            .enumerate()
            .filter(|(_, (spec, _))| self.roles.is_feature_monitored(&spec.name));
        let features = monitored.map(|(position, (spec, current))| {
            let before = baseline.and_then(|profile| profile.features.get(position));
            let Some(before) = before else {
                return FeatureScoring {
                    position,
                    spec,
                    before: None,
                    current,
                    scores: Vec::new(),
                    theirs: None,
                };
            };
            let constraint = self.baseline.constraints.feature(&spec.name);
            let rank_error = match reference {
                Reference::Baseline => self.baseline.rank_error(position),
                Reference::Earlier { .. } => 0.0,
            };
            let cut = self.cut(position);
            let pair = Pair { spec, baseline: before, current, constraint, rank_error, cut };
            let distribution = Distribution::of(&pair);
            let mut scores = self.scorer.scores(&key, &pair, distribution.as_ref());
            scores.extend(self.answers.scores(&key, &pair, &self.scorer));
            let theirs = self
                .theirs_are_known
                .then(|| {
                    let (name, rules) = (spec.name.as_str().into(), self.scorer.rules(&spec.name));
                    sagemaker::distance(&key, &name, &pair, distribution.as_ref(), rules)
                })
                .flatten();
            FeatureScoring { position, spec, before: Some((before, distribution)), current, scores, theirs }
        });
        let features = features.collect();
        let turned_out = self.outcomes.as_ref();
        let mut outcomes =
            turned_out.map_or_else(Vec::new, |turned_out| turned_out.scores(&key, open, reference));
        let is_judged = self.scorer.is_judged("", None);
        if self.compat.is_some() || !is_judged {
            outcomes.iter_mut().for_each(|turned| turned.scored.rule = None);
        }
        let theirs = turned_out.filter(|_| self.compat.is_some() && is_judged);
        let theirs = theirs.map_or_else(Vec::new, |turned_out| turned_out.theirs(&key, open));
        Scoring { key, segment, baseline, volume, features, outcomes, theirs }
    }

    pub(super) fn cut(&self, position: usize) -> Option<&Cut> {
        self.cuts.get(position)?.as_ref()
    }
}
