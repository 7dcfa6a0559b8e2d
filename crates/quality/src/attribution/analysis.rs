//! The global explanations in an `analysis.json` of SageMaker Clarify, which Model Monitor takes as a baseline.

use serde_json::Value;

use super::attributions::Importance;

/// Importances of the features for one label of the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    /// The method, such as `kernel_shap`.
    pub method: String,
    /// The label, such as `label0`.
    pub label: String,
    /// Features in the order of the document. Its numbers have no errors.
    pub importances: Vec<Importance>,
    /// What the model answers on average, where the document says so.
    pub expected_value: Option<f64>,
}

/// Why a document is no analysis.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not JSON.
    #[error("not JSON: {reason}")]
    NotJson {
        /// What the parser says.
        reason: String,
    },
    /// There are no global explanations in it.
    #[error("no global explanations: expected `explanations.METHOD.LABEL.global_shap_values`")]
    NoExplanations,
    /// An importance is not a number.
    #[error("expected a number for feature `{feature}` of `{label}`")]
    NotANumber {
        /// The label.
        label: String,
        /// The feature.
        feature: String,
    },
}

/// Reads the explanations of a document, one for each method and label.
///
/// # Errors
/// [`Error`] where the document is damaged, or has none.
pub fn analyses(json: &str) -> Result<Vec<Analysis>, Error> {
    let document: Value =
        serde_json::from_str(json).map_err(|error| Error::NotJson { reason: error.to_string() })?;
    let members = |value: &Value| -> Vec<(String, Value)> {
        let object = value.as_object().into_iter().flatten();
        object.map(|(name, value)| (name.clone(), value.clone())).collect()
    };
    let mut found = Vec::new();
    for (method, labels) in members(&document["explanations"]) {
        for (label, explanation) in members(&labels) {
            let Some(values) = explanation["global_shap_values"].as_object() else { continue };
            let importance = |(feature, value): (&String, &Value)| match value.as_f64() {
                Some(value) if value.is_finite() => Ok(Importance {
                    feature: feature.clone(),
                    value,
                    standard_error: None,
                    share_error: None,
                    error_bound: 0.0,
                    rows: 0,
                }),
                _ => Err(Error::NotANumber { label: label.clone(), feature: feature.clone() }),
            };
            found.push(Analysis {
                importances: values.iter().map(importance).collect::<Result<_, _>>()?,
                expected_value: explanation["expected_value"].as_f64(),
                method: method.clone(),
                label,
            });
        }
    }
    if found.is_empty() { Err(Error::NoExplanations) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_documents_are_errors() {
        assert!(matches!(analyses("{"), Err(Error::NotJson { .. })));
        for json in [
            "{}",
            "[]",
            "7",
            r#"{"explanations":{"pdp":[1]}}"#,
            r#"{"explanations":{"kernel_shap":{"a":1}}}"#,
        ] {
            assert_eq!(analyses(json), Err(Error::NoExplanations), "{json}");
        }
        let text = r#"{"explanations":{"kernel_shap":{"label0":{"global_shap_values":{"Age":"old"}}}}}"#;
        assert!(matches!(analyses(text), Err(Error::NotANumber { .. })));
    }
}
