//! From the scores of a window or segment to the rows of its tables: what every check finds.

use std::sync::Arc;

use profile::{FeatureProfile, FeatureSpec, Kind, Profile};

use super::{
    close::{FeatureScoring, Judge, Rows, Scoring},
    describe,
    history::Reference,
    segment::Segment,
};
use crate::{
    Compat,
    check::{ALL, Facts, Finding, Found, contributions, grouped},
    sagemaker::{self, Dataset},
    score::{Pair, Scored, Turned, blank},
    tables::{Family, Key, ScoreRow, Status, ViolationRow, WindowRow, WindowStatus},
};

/// The rows of one window or segment, as they come together.
struct Verdicts<'a> {
    judge: &'a Judge<'a>,
    key: &'a Key,
    segment: &'a Segment,
    rows: Rows,
    /// Features drifted.
    drifted: u64,
    /// What was found of features; those of one cause are one row.
    found: Vec<Found>,
}

impl Judge<'_> {
    /// Lets every check look at a window or segment.
    pub(super) fn check(&self, scoring: Scoring<'_>, reason: Option<&str>, reference: &Reference) -> Rows {
        let Scoring { key, segment, baseline, volume, features, outcomes, theirs } = scoring;
        let mut verdicts = Verdicts {
            judge: self,
            key: &key,
            segment,
            rows: Rows::default(),
            drifted: 0,
            found: Vec::new(),
        };
        verdicts.whole(volume, reference);
        features.into_iter().for_each(|feature| verdicts.feature(feature));
        verdicts.extra();
        outcomes.into_iter().for_each(|turned| verdicts.outcome(turned));
        theirs.into_iter().for_each(|row| verdicts.of_model_monitor(row));
        verdicts.finish(baseline, reason, reference)
    }
}

impl Verdicts<'_> {
    /// Rows and columns as a whole.
    fn whole(&mut self, volume: Option<Scored>, reference: &Reference) {
        let judge = self.judge;
        let found = match judge.compat {
            None => findings(&Facts { scores: volume.as_slice(), ..Facts::default() }),
            Some(Compat::Sagemaker) => {
                self.columns().into_iter().filter(|_| self.key.segment.is_none()).collect()
            }
        };
        for (check, finding) in found {
            self.violated(check, None, finding);
        }
        let volumes = judge.volumes(reference);
        self.rows.scores.extend(volume.map(|volume| volume.row));
        self.rows.scores.extend(judge.answers.throughput(self.key, self.segment.profile.rows, volumes));
    }

    /// A feature of the baseline.
    fn feature(&mut self, feature: FeatureScoring<'_>) {
        let (judge, key) = (self.judge, self.key);
        let name: Arc<str> = feature.spec.name.as_str().into();
        self.rows.features.push(describe::feature(key, &name, &feature.spec.kind, feature.current));
        let Some((before, distribution)) = &feature.before else { return };
        let pair = Pair {
            spec: feature.spec,
            baseline: before,
            current: feature.current,
            constraint: None,
            rank_error: 0.0,
            cut: judge.cut(feature.position),
        };
        self.rows.histograms.extend(describe::histogram(key, &name, &pair));
        let facts = Facts {
            name: &name,
            baseline: Some((feature.spec, before)),
            current: Some(feature.current),
            scores: &feature.scores,
            judged: judge.scorer.is_judged(&name, judge.baseline.constraints.feature(&name)),
            distribution: distribution.as_ref(),
            moved: &[],
        };
        let (mut verdicts, mut more) = (findings(&facts), Vec::new());
        if judge.theirs_are_known {
            let theirs = self.theirs(&facts, &feature);
            let row = blank(key, &name, Family::Drift, "verdict_difference", &pair, Status::Ok);
            let differences = sagemaker::differences(&verdicts, &theirs, &row);
            if judge.compat.is_some() {
                verdicts = theirs;
                more.extend(feature.theirs.clone());
            }
            more.extend(differences);
        }
        for (check, finding) in verdicts {
            self.of_feature(check, Some(feature.position), &name, finding);
        }
        let drifts = |row: &ScoreRow| row.family == Family::Drift && row.status == Status::Violated;
        self.drifted += u64::from(match judge.compat {
            None => feature.scores.iter().any(|scored| drifts(&scored.row)),
            Some(Compat::Sagemaker) => feature.theirs.as_ref().is_some_and(drifts),
        });
        self.rows.scores.extend(feature.scores.into_iter().map(|scored| scored.row));
        self.rows.scores.extend(more);
    }

    /// Columns that the baseline does not have.
    fn extra(&mut self) {
        let (judge, key, segment) = (self.judge, self.key, self.segment);
        for (name, current) in &segment.profile.extra {
            let feature: Arc<str> = name.as_str().into();
            self.rows.features.push(describe::feature(key, &feature, &Kind::Empty, current));
            let facts = Facts {
                name,
                current: Some(current),
                judged: judge.scorer.is_judged(name, None),
                ..Facts::default()
            };
            for (check, finding) in self.ours(&facts) {
                self.of_feature(check, None, &feature, finding);
            }
        }
    }

    /// How predictions turned out.
    fn outcome(&mut self, turned: Turned) {
        let Turned { scored, moved } = turned;
        let name = scored.row.feature.as_ref().map(Arc::clone);
        let facts = Facts {
            name: name.as_deref().unwrap_or_default(),
            scores: std::slice::from_ref(&scored),
            moved: &moved,
            ..Facts::default()
        };
        for (check, finding) in self.ours(&facts) {
            self.violated(check, name.clone(), finding);
        }
        self.rows.scores.push(scored.row);
    }

    /// What Model Monitor says of how they turned out.
    fn of_model_monitor(&mut self, row: ScoreRow) {
        if let Some((check, finding)) = sagemaker::found(&row) {
            self.violated(check, row.feature.clone(), finding);
        }
        self.rows.scores.push(sagemaker::finite(row));
    }

    fn finish(mut self, baseline: Option<&Profile>, reason: Option<&str>, reference: &Reference) -> Rows {
        let (key, segment) = (self.key, self.segment);
        self.rows.violations.extend(grouped(self.found).into_iter().map(|found| violation(key, found)));
        let reason = match (baseline, reference) {
            (Some(_), _) => reason.map(str::to_owned),
            (None, Reference::Baseline) => Some(
                "the baseline has no rows of this segment: make it with the same --segment-by".to_owned(),
            ),
            (None, Reference::Earlier { .. }) => {
                Some("the windows to compare it with have no rows".to_owned())
            }
        };
        let violations = self.rows.violations.len() as u64;
        self.rows.windows.push(WindowRow {
            key: key.clone(),
            status: if violations > 0 {
                WindowStatus::CompletedWithViolations
            } else {
                WindowStatus::Completed
            },
            rows: segment.profile.rows,
            baseline_rows: baseline.map_or(0, |profile| profile.rows),
            files: segment.files,
            violations,
            features_drifted: self.drifted,
            reason,
        });
        self.rows
    }

    /// What our checks find, where they decide.
    fn ours(&self, facts: &Facts<'_>) -> Vec<(&'static str, Finding)> {
        if self.judge.compat.is_none() { findings(facts) } else { Vec::new() }
    }

    /// A row of its own.
    fn violated(&mut self, check: &'static str, feature: Option<Arc<str>>, finding: Finding) {
        let sources = self.paths_of(self.segment.sources(finding.offence, None, ""));
        let found = Found { check, features: Vec::from_iter(feature), finding, sources };
        self.rows.violations.push(violation(self.key, found));
    }

    /// A row that others of the same cause may join.
    fn of_feature(
        &mut self,
        check: &'static str,
        position: Option<usize>,
        name: &Arc<str>,
        finding: Finding,
    ) {
        let sources = self.paths_of(self.segment.sources(finding.offence, position, name));
        self.found.push(Found { check, features: vec![Arc::clone(name)], finding, sources });
    }

    /// What Model Monitor finds in a feature.
    fn theirs(&self, facts: &Facts<'_>, feature: &FeatureScoring<'_>) -> Vec<(&'static str, Finding)> {
        let Some(constraint) = self.judge.baseline.constraints.feature(facts.name).filter(|_| facts.judged)
        else {
            return Vec::new();
        };
        let moved = facts.distribution.map(|distribution| contributions(distribution.bins()));
        sagemaker::verdicts(&Dataset {
            spec: feature.spec,
            current: feature.current,
            constraint,
            rules: self.judge.scorer.rules(facts.name),
            distance: feature.theirs.as_ref(),
            moved: &moved.unwrap_or_default(),
        })
    }

    /// What Model Monitor finds in the number of columns.
    fn columns(&self) -> Option<(&'static str, Finding)> {
        let segment = self.segment;
        let specs = self.judge.baseline.spec.features().iter().zip(&segment.profile.features);
        let is_there = |(spec, current): &(&FeatureSpec, &FeatureProfile)| {
            self.judge.roles.is_feature_monitored(&spec.name) && current.counts.absent < current.counts.rows
        };
        let now = specs.filter(is_there).count() + segment.profile.extra.len();
        let features = self.judge.baseline.constraints.features.iter();
        let expected =
            features.filter(|feature| self.judge.roles.is_feature_monitored(&feature.name)).count();
        if !self.judge.scorer.is_judged("", None) {
            return None;
        }
        sagemaker::columns(now, expected, segment.profile.rows)
    }

    fn paths_of(&self, sources: &[u32]) -> Vec<String> {
        sources.iter().filter_map(|&source| self.judge.paths.get(source as usize)).cloned().collect()
    }
}

pub(super) fn violation(key: &Key, found: Found) -> ViolationRow {
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

pub(super) fn findings(facts: &Facts<'_>) -> Vec<(&'static str, Finding)> {
    ALL.iter().filter_map(|check| Some((check.name, check.find(facts)?))).collect()
}
