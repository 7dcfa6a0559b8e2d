//! What the model-quality, bias and explainability monitors of Model Monitor compare with, in their own shapes: documents
//! beside the baseline's own files, which a baseline with labels, groups or attributions writes, and jobs of theirs too.

use profile::{Profile, Spec};
use quality::{
    Metric, Score,
    attribution::{Importance, analyses},
};
use serde_json::Value;
use store::{Location, Store};

use super::document;
use crate::{
    Error, Settings,
    outcomes::{Form, Outcomes},
    profiles::Digest,
    sagemaker::{
        BiasAnalysis, Labels, QualityConstraints, attribution_analysis, bias_analysis, quality_constraints,
        quality_statistics,
    },
};

const QUALITY: &str = "model_quality/constraints.json";
const QUALITY_STATISTICS: &str = "model_quality/statistics.json";
const BIAS: &str = "bias/analysis.json";
const ATTRIBUTION: &str = "attribution/analysis.json";

/// What is known of predictions and labels from documents alone.
#[derive(Debug, Clone, Default)]
pub(crate) struct OtherMonitors {
    pub(crate) model_quality: Option<QualityConstraints>,
    pub(crate) bias: Option<BiasAnalysis>,
    /// Empty without a document. Its numbers count as exact.
    pub(crate) attribution: Vec<Importance>,
}

impl OtherMonitors {
    pub(crate) fn are_any(&self) -> bool {
        self.model_quality.is_some() || self.bias.is_some() || !self.attribution.is_empty()
    }

    /// The baseline's value of a metric, as far as a threshold tells.
    pub(crate) fn score(&self, metric: &Metric) -> Option<Score> {
        let value = self.model_quality.as_ref()?.threshold(metric)?;
        Some(Score { value, standard_error: Some(0.0), error_bound: 0.0, rows: 0 })
    }
}

/// Reads the documents that there are, and adds them to the digest of the folder.
///
/// # Errors
/// [`Error::Baseline`] for one that is something else.
pub(super) fn read(
    store: &Store,
    folder: &Location,
    mut digest: Digest,
) -> Result<(OtherMonitors, Digest), Error> {
    let refuse = |reason: String| Error::Baseline { place: folder.to_string(), reason };
    let mut others = OtherMonitors::default();
    let mut documents = [const { None }; 3];
    for (document, file) in documents.iter_mut().zip([QUALITY, BIAS, ATTRIBUTION]) {
        *document = store.read(&folder.join(file)?)?;
        if let Some(bytes) = &document {
            digest = digest.text(file).bytes(bytes);
        }
    }
    let [quality, bias, attribution] = documents;
    if let Some(bytes) = quality {
        let constraints: QualityConstraints = document::parse(QUALITY, &bytes).map_err(refuse)?;
        if !constraints.are_any() {
            let members = "`binary_classification_constraints`, `multiclass_classification_constraints` or `regression_constraints`";
            return Err(refuse(format!("`{QUALITY}`: expected {members}")));
        }
        others.model_quality = Some(constraints);
    }
    if let Some(bytes) = bias {
        let document: Value = document::parse(BIAS, &bytes).map_err(refuse)?;
        let analysis = BiasAnalysis::of(&document);
        others.bias = Some(analysis.map_err(|reason| refuse(format!("`{BIAS}`: {reason}")))?);
    }
    if let Some(bytes) = attribution {
        let found = analyses(&String::from_utf8_lossy(&bytes));
        let found = found.map_err(|error| refuse(format!("`{ATTRIBUTION}`: {error}")))?;
        // Captured attributions are of one output: the first, which models with one have alone.
        let first = found.into_iter().next().map(|analysis| analysis.importances);
        let exact = |importance| Importance { standard_error: Some(0.0), ..importance };
        others.attribution = first.unwrap_or_default().into_iter().map(exact).collect();
    }
    Ok((others, digest))
}

/// Writes the documents of a baseline; those of an earlier one that this one lacks are removed.
pub(super) fn write(
    store: &Store,
    folder: &Location,
    counted: Option<(&Form, &Outcomes)>,
    (spec, profile): (&Spec, &Profile),
    settings: &Settings,
    had_outcomes: bool,
) -> Result<(), Error> {
    let mut documents: [(&str, Option<Value>); 4] =
        [QUALITY, QUALITY_STATISTICS, BIAS, ATTRIBUTION].map(|file| (file, None));
    if let Some((form, outcomes)) = counted {
        let aggregate = settings.attribution.aggregate.measure();
        let labels = Labels { form, aggregate, outcomes, spec, profile };
        if form.is_of_quality() && outcomes.labelled > 0 {
            documents[0].1 = Some(quality_constraints(&outcomes.quality));
            documents[1].1 = Some(quality_statistics(&outcomes.quality));
        }
        documents[2].1 = (!form.facets.is_empty()).then(|| bias_analysis(&labels));
        documents[3].1 = attribution_analysis(&labels);
    }
    for (file, document) in documents {
        let place = folder.join(file)?;
        match document {
            Some(document) => store.write(&place, serde_json::to_vec_pretty(&document)?)?,
            // Without outcomes of an earlier baseline they are of a job, and stay.
            None if had_outcomes => store.delete(&place)?,
            None => {}
        }
    }
    Ok(())
}
