//! How predictions turned out, against the baseline or earlier windows.

use std::{collections::BTreeMap, sync::Arc};

use profile::Spec;
use quality::{Calibrate, Estimator, State};

use super::{
    close::Rows,
    history::{OutcomesBy, Reference},
    quality_charts,
    segment::OpenWindow,
};
use crate::{
    Baseline, Settings,
    baseline::OtherMonitors,
    outcomes::{Form, Outcomes},
    sagemaker::Labels,
    score::{Promise, Sides, Turned, outcome_scores},
    tables::{Key, ScoreRow},
};

/// What is known beforehand of how predictions turn out.
#[derive(Debug)]
pub(super) struct TurnedOut<'a> {
    form: &'a Form,
    settings: &'a Settings,
    baseline: OutcomesBy,
    /// What the other monitors of Model Monitor compare with.
    others: &'a OtherMonitors,
    /// Whether these documents are all there is: beside counts of other settings they are of those settings too.
    only_others: bool,
    spec: &'a Spec,
    estimators: BTreeMap<Option<Arc<str>>, Estimator>,
}

impl<'a> TurnedOut<'a> {
    /// What a baseline tells; a remark where it tells nothing.
    pub(super) fn new(
        form: &'a Form,
        settings: &'a Settings,
        baseline: &'a Baseline,
    ) -> (Self, Option<String>) {
        let read = baseline.outcomes.as_ref().and_then(|outcomes| outcomes.read(form));
        let note = match (&read, &baseline.outcomes) {
            (Some(_), _) => None,
            // Its verdicts come from documents alone.
            _ if settings.compat.is_some() && baseline.others.are_any() => None,
            (None, Some(_)) => Some(
                "the baseline counted predictions and labels under other settings, so nothing is compared with them: make it \
                 again with these"
                    .to_owned(),
            ),
            (None, None) if baseline.others.are_any() => Some(
                "the baseline has no labels or groups of its own: what is compared is compared with the values in its documents \
                 of Model Monitor, as if they were exact"
                    .to_owned(),
            ),
            (None, None) => Some(
                "the baseline has no labels or groups, so quality is computed but not compared: make it from data with labels, \
                 with the same settings"
                    .to_owned(),
            ),
        };
        let (others, spec) = (&baseline.others, &baseline.spec);
        let only_others = baseline.outcomes.is_none();
        let baseline = read.unwrap_or_default();
        let estimator = |(segment, outcomes): (&Option<Arc<str>>, &Outcomes)| match &outcomes.quality {
            State::Binary(state) => {
                Some((segment.clone(), Estimator::new(state, Calibrate::default()).ok()?))
            }
            _ => None,
        };
        let estimators = baseline.iter().filter_map(estimator).collect();
        (Self { form, settings, baseline, others, only_others, spec, estimators }, note)
    }

    /// Scores of a window or segment.
    pub(super) fn scores(&self, key: &Key, open: &OpenWindow, reference: &Reference) -> Vec<Turned> {
        let Some(current) = open.outcomes.get(&key.segment) else { return Vec::new() };
        let (form, settings) = (self.form, self.settings);
        let is_baseline = matches!(reference, Reference::Baseline);
        let baseline = self.before(&key.segment, reference);
        let promise = self.promise(&key.segment).filter(|_| is_baseline);
        let others = Some(self.others).filter(|_| is_baseline && self.only_others);
        outcome_scores(&Sides { key, form, settings, baseline, others, promise, current })
    }

    /// What charts of a window or segment need.
    pub(super) fn charts(&self, key: &Key, open: &OpenWindow, reference: &Reference) -> Rows {
        let Some(current) = open.outcomes.get(&key.segment).map(|current| &current.quality) else {
            return Rows::default();
        };
        let before = self.before(&key.segment, reference).map(|before| &before.quality);
        Rows {
            curves: quality_charts::curves(key, current, before),
            confusion: quality_charts::confusion(key, current, before),
            ..Rows::default()
        }
    }

    /// What a segment is compared with.
    fn before<'b>(&'b self, segment: &Option<Arc<str>>, reference: &'b Reference) -> Option<&'b Outcomes> {
        match reference {
            Reference::Baseline => self.baseline.get(segment),
            Reference::Earlier { outcomes, .. } => outcomes.get(segment),
        }
    }

    /// What the baseline's labels say about predictions without.
    fn promise(&self, segment: &Option<Arc<str>>) -> Option<Promise<'_>> {
        let of_classes = self.form.estimator.as_ref().map(Promise::Classes);
        let of_numbers = || self.baseline.get(segment)?.errors.as_ref().map(Promise::Errors);
        of_classes.or_else(|| self.estimators.get(segment).map(Promise::Binary)).or_else(of_numbers)
    }

    /// The verdicts of Model Monitor on a window or segment.
    pub(super) fn theirs(&self, key: &Key, open: &OpenWindow) -> Vec<ScoreRow> {
        self.labels(&key.segment, open).map_or_else(Vec::new, |labels| labels.verdicts(key, self.others))
    }

    /// What is known of a window or segment.
    pub(super) fn labels<'b>(
        &'b self,
        segment: &Option<Arc<str>>,
        open: &'b OpenWindow,
    ) -> Option<Labels<'b>> {
        Some(Labels {
            form: self.form,
            aggregate: self.settings.attribution.aggregate.measure(),
            outcomes: open.outcomes.get(segment)?,
            spec: self.spec,
            profile: &open.segments.get(segment)?.profile,
        })
    }
}
