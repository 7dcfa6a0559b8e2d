//! From a finished window to the rows of its tables.

use std::sync::Arc;

use profile::{FeatureProfile, FeatureSpec, Kind, Profile};

use super::{
    describe,
    history::{Profiles, Reference},
    plan::MIN_VOLUMES,
    segment::{OpenWindow, Segment},
};
use crate::{
    Compat, Emit, Error, Roles,
    baseline::Baseline,
    check::{ALL, Facts, Finding, Found, contributions, grouped},
    sagemaker::{self, Dataset},
    score::{Cut, Distribution, Pair, Scored, Scorer, blank, judge, volume},
    tables::{
        Family, FeatureRow, HistogramRow, Key, ScoreRow, Status, ViolationRow, WindowRow, WindowStatus,
    },
    window::Window,
};

/// Rows of all tables.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) windows: Vec<WindowRow>,
    pub(crate) scores: Vec<ScoreRow>,
    pub(crate) violations: Vec<ViolationRow>,
    pub(crate) histograms: Vec<HistogramRow>,
    pub(crate) features: Vec<FeatureRow>,
    /// Documents in the form of another tool, where they are wanted.
    pub(crate) documents: Vec<sagemaker::Documents>,
}

impl Rows {
    pub(crate) fn append(&mut self, mut other: Self) {
        self.windows.append(&mut other.windows);
        self.scores.append(&mut other.scores);
        self.violations.append(&mut other.violations);
        self.histograms.append(&mut other.histograms);
        self.features.append(&mut other.features);
        self.documents.append(&mut other.documents);
    }
}

/// What windows are compared with.
#[derive(Debug)]
pub(super) struct Judge<'a> {
    pub(super) monitor: Arc<str>,
    pub(super) baseline: &'a Baseline,
    pub(super) scorer: Scorer<'a>,
    /// Coarse bins of each feature, where they are others than the baseline's.
    pub(super) cuts: Vec<Option<Cut>>,
    pub(super) roles: &'a Roles,
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
struct Scoring<'a> {
    key: Key,
    segment: &'a Segment,
    baseline: Option<&'a Profile>,
    volume: Option<Scored>,
    features: Vec<FeatureScoring<'a>>,
}

/// One feature of it.
struct FeatureScoring<'a> {
    /// Its position in the baseline.
    position: usize,
    spec: &'a FeatureSpec,
    /// The baseline's side, and both distributions where they can be compared.
    before: Option<(&'a FeatureProfile, Option<Distribution>)>,
    current: &'a FeatureProfile,
    scores: Vec<Scored>,
    /// Its distance as another tool measures it.
    theirs: Option<ScoreRow>,
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
            .map(|(name, segment)| self.score(window, name.clone(), segment, reference))
            .collect();
        judge(scorings.iter_mut().flat_map(|scoring| {
            let features = scoring.features.iter_mut().flat_map(|feature| &mut feature.scores);
            scoring.volume.iter_mut().chain(features)
        }));
        let mut rows = Rows::default();
        for scoring in scorings {
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
            rows.documents.push(of_all.documents()?);
        }
        Ok(rows)
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
            let facts = Facts {
                name: "",
                baseline: None,
                current: None,
                scores: std::slice::from_ref(&volume),
                judged: true,
                distribution: None,
            };
            for (check, finding) in findings(&facts).into_iter().filter(|_| self.compat.is_none()) {
                row.violations += 1;
                let found = Found { check, features: Vec::new(), finding, sources: Vec::new() };
                rows.violations.push(violation(&key, found));
            }
            rows.scores.push(volume.row);
        }
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
    fn volumes<'a>(&'a self, reference: &'a Reference) -> &'a [u64] {
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
            let scores = self.scorer.scores(&key, &pair, distribution.as_ref());
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
        Scoring { key, segment, baseline, volume, features }
    }

    fn check(&self, scoring: Scoring<'_>, reason: Option<&str>, reference: &Reference) -> Rows {
        let Scoring { key, segment, baseline, volume, features } = scoring;
        let mut rows = Rows::default();
        let whole = volume.as_slice();
        let facts = Facts {
            name: "",
            baseline: None,
            current: None,
            scores: whole,
            judged: true,
            distribution: None,
        };
        let of_all = match self.compat {
            None => findings(&facts),
            Some(Compat::Sagemaker) => {
                self.columns(segment).into_iter().filter(|_| key.segment.is_none()).collect()
            }
        };
        for (check, finding) in of_all {
            let sources = self.paths_of(segment.sources(finding.offence, None, ""));
            rows.violations.push(violation(&key, Found { check, features: Vec::new(), finding, sources }));
        }
        rows.scores.extend(volume.map(|volume| volume.row));
        let (mut drifted, mut found) = (0, Vec::new());
        for feature in features {
            let name: Arc<str> = feature.spec.name.as_str().into();
            rows.features.push(describe::feature(&key, &name, &feature.spec.kind, feature.current));
            let Some((before, distribution)) = &feature.before else { continue };
            let pair = Pair {
                spec: feature.spec,
                baseline: before,
                current: feature.current,
                constraint: None,
                rank_error: 0.0,
                cut: self.cut(feature.position),
            };
            rows.histograms.extend(describe::histogram(&key, &name, &pair));
            let facts = Facts {
                name: &name,
                baseline: Some((feature.spec, before)),
                current: Some(feature.current),
                scores: &feature.scores,
                judged: self.scorer.is_judged(&name, self.baseline.constraints.feature(&name)),
                distribution: distribution.as_ref(),
            };
            let (mut verdicts, mut more) = (findings(&facts), Vec::new());
            if self.theirs_are_known {
                let theirs = self.theirs(&facts, &feature);
                let row = blank(&key, &name, Family::Drift, "verdict_difference", &pair, Status::Ok);
                let differences = sagemaker::differences(&verdicts, &theirs, &row);
                if self.compat.is_some() {
                    verdicts = theirs;
                    more.extend(feature.theirs.clone());
                }
                more.extend(differences);
            }
            for (check, finding) in verdicts {
                let sources = self.paths_of(segment.sources(finding.offence, Some(feature.position), &name));
                found.push(Found { check, features: vec![Arc::clone(&name)], finding, sources });
            }
            let mut judged = feature.scores.iter().map(|scored| &scored.row);
            let drifts = |row: &ScoreRow| row.family == Family::Drift && row.status == Status::Violated;
            drifted += u64::from(match self.compat {
                None => judged.any(drifts),
                Some(Compat::Sagemaker) => feature.theirs.as_ref().is_some_and(drifts),
            });
            rows.scores.extend(feature.scores.into_iter().map(|scored| scored.row));
            rows.scores.extend(more);
        }
        for (name, current) in &segment.profile.extra {
            let feature: Arc<str> = name.as_str().into();
            rows.features.push(describe::feature(&key, &feature, &Kind::Empty, current));
            let facts = Facts {
                name,
                baseline: None,
                current: Some(current),
                scores: &[],
                judged: self.scorer.is_judged(name, None),
                distribution: None,
            };
            let ours = if self.compat.is_none() { findings(&facts) } else { Vec::new() };
            for (check, finding) in ours {
                let sources = self.paths_of(segment.sources(finding.offence, None, name));
                found.push(Found { check, features: vec![Arc::clone(&feature)], finding, sources });
            }
        }
        rows.violations.extend(grouped(found).into_iter().map(|found| violation(&key, found)));
        let mut reason = reason.map(str::to_owned);
        if baseline.is_none() {
            reason = Some(match reference {
                Reference::Baseline => {
                    "the baseline has no rows of this segment: make it with the same --segment-by".to_owned()
                }
                Reference::Earlier { .. } => "the windows to compare it with have no rows".to_owned(),
            });
        }
        let violations = rows.violations.len() as u64;
        rows.windows.push(WindowRow {
            key,
            status: if violations > 0 {
                WindowStatus::CompletedWithViolations
            } else {
                WindowStatus::Completed
            },
            rows: segment.profile.rows,
            baseline_rows: baseline.map_or(0, |profile| profile.rows),
            files: segment.files,
            violations,
            features_drifted: drifted,
            reason,
        });
        rows
    }

    /// What Model Monitor finds in a feature.
    fn theirs(&self, facts: &Facts<'_>, feature: &FeatureScoring<'_>) -> Vec<(&'static str, Finding)> {
        let Some(constraint) = self.baseline.constraints.feature(facts.name).filter(|_| facts.judged) else {
            return Vec::new();
        };
        let moved = facts.distribution.map(|distribution| contributions(distribution.bins()));
        sagemaker::verdicts(&Dataset {
            spec: feature.spec,
            current: feature.current,
            constraint,
            rules: self.scorer.rules(facts.name),
            distance: feature.theirs.as_ref(),
            moved: &moved.unwrap_or_default(),
        })
    }

    /// What Model Monitor finds in the number of columns.
    fn columns(&self, segment: &Segment) -> Option<(&'static str, Finding)> {
        let specs = self.baseline.spec.features().iter().zip(&segment.profile.features);
        let is_there = |(spec, current): &(&FeatureSpec, &FeatureProfile)| {
            self.roles.is_feature_monitored(&spec.name) && current.counts.absent < current.counts.rows
        };
        let now = specs.filter(is_there).count() + segment.profile.extra.len();
        let features = self.baseline.constraints.features.iter();
        let expected = features.filter(|feature| self.roles.is_feature_monitored(&feature.name)).count();
        if !self.scorer.is_judged("", None) {
            return None;
        }
        sagemaker::columns(now, expected, segment.profile.rows)
    }

    fn cut(&self, position: usize) -> Option<&Cut> {
        self.cuts.get(position)?.as_ref()
    }

    fn paths_of(&self, sources: &[u32]) -> Vec<String> {
        sources.iter().filter_map(|&source| self.paths.get(source as usize)).cloned().collect()
    }
}

fn violation(key: &Key, found: Found) -> ViolationRow {
    let Found { check, features, finding, sources } = found;
    ViolationRow {
        key: key.clone(),
        feature: features.first().map(Arc::clone),
        features,
        family: finding.family,
        check,
        metric: finding.metric.into(),
        value: finding.value,
        threshold: finding.threshold,
        comparison: finding.comparison,
        baseline_value: finding.baseline_value,
        severity: finding.severity,
        rows: finding.rows,
        description: finding.description,
        top_contributions: finding.top_contributions,
        sources,
    }
}

fn findings(facts: &Facts<'_>) -> Vec<(&'static str, Finding)> {
    ALL.iter().filter_map(|check| Some((check.name, check.find(facts)?))).collect()
}
