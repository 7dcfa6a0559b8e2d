//! Coarse bins that were not cut with the baseline: as many as are asked for, from its slots.

use profile::{FeatureProfile, Kind};

use crate::baseline::Baseline;

/// Other coarse bins of a feature.
///
/// Their edges are edges of slots, so that rows of stored profiles are known on both sides of each, and the counts are
/// exact: what moves is the edge, to the one whose share of the baseline is nearest to the quantile. With values that
/// hold many rows there are fewer bins, as there are of deciles.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cut {
    /// As many as were asked for.
    pub(crate) bins: u16,
    /// Inner edges, ascending.
    pub(crate) edges: Vec<f64>,
}

impl Cut {
    /// One for each feature of the baseline; `None` for those that are no numbers.
    pub(crate) fn all(baseline: &Baseline, bins: u16) -> Vec<Option<Self>> {
        let all = baseline.profiles.get(&None).map_or(&[][..], |profile| &profile.features);
        let features = baseline.spec.features().iter().zip(all);
        features.map(|(spec, profile)| Self::of(&spec.kind, profile, bins)).collect()
    }

    fn of(kind: &Kind, profile: &FeatureProfile, bins: u16) -> Option<Self> {
        let Kind::Number { bins: slots, .. } = kind else { return None };
        let rows = u128::from(profile.histogram.rows());
        // The edge below each slot with rows, and the rows below that.
        let mut below = 0;
        let edges: Vec<(f64, u128)> = profile
            .histogram
            .entries()
            .into_iter()
            .map(|(slot, held)| {
                let edge = (slots.slot(slot).lower, below);
                below += u128::from(held);
                edge
            })
            .collect();
        let wanted = u128::from(bins);
        let mut chosen: Vec<f64> = (1..wanted)
            .filter_map(|quantile| {
                let distance = |below: u128| (below * wanted).abs_diff(quantile * rows);
                let nearest = edges.iter().skip(1).min_by_key(|(_, below)| distance(*below));
                nearest.map(|(edge, _)| *edge)
            })
            .collect();
        chosen.dedup_by(|a, b| a.total_cmp(b).is_eq());
        Some(Self { bins, edges: chosen })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Float64Array, RecordBatch};
    use profile::{Profile, Survey};

    use super::*;

    fn cut(values: Vec<f64>, bins: u16) -> (Vec<u64>, Vec<f64>) {
        let column: ArrayRef = Arc::new(Float64Array::from(values));
        let batch = RecordBatch::try_from_iter([("x", column)]).unwrap();
        let mut survey = Survey::default();
        survey.observe(&batch, &|_| true);
        let spec = survey.freeze();
        let mut profile = Profile::new(&spec);
        profile.observe(&spec, &batch, &|_| true);
        let Kind::Number { bins: slots, .. } = &spec.features()[0].kind else { unreachable!() };
        let feature = &profile.features[0];
        let cut = Cut::of(&spec.features()[0].kind, feature, bins).unwrap();
        (feature.histogram.between(slots, &cut.edges), cut.edges)
    }

    #[test]
    fn bins_hold_about_the_same_share_of_the_baseline() {
        let values: Vec<f64> =
            (0..100_000_u32).map(|i| f64::from(i.wrapping_mul(2_654_435_761) >> 8)).collect();
        for bins in [2, 4, 20, 50] {
            let (rows, edges) = cut(values.clone(), bins);
            assert_eq!((rows.len(), edges.len()), (bins.into(), usize::from(bins) - 1));
            // A slot holds at most 1/256 of the rows, and an edge is at most half of one off.
            let share = 100_000 / u64::from(bins);
            assert!(rows.iter().all(|rows| rows.abs_diff(share) <= 100_000 / 256), "{rows:?}");
        }
    }

    #[test]
    fn ties_leave_fewer_bins() {
        let zeros = (0..1_000).map(|i| if i % 10 == 0 { f64::from(i) + 1.0 } else { 0.0 }).collect();
        let (rows, edges) = cut(zeros, 4);
        assert_eq!(edges.len(), 1, "{edges:?}");
        assert_eq!(rows, [900, 100]);
        assert_eq!(cut(vec![1.0; 10], 10).0, [10]);
    }
}
