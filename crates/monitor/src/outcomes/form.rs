//! What is counted of predictions and labels: follows from the settings and the baseline's bins alone.

use profile::{FeatureSpec, Kind, Plain, Spec};
use quality::{
    ClassEstimator, PredictionErrors, Problem,
    bias::{Condition, Facet},
};

use super::{
    cells::{Cells, MOST_NAMES},
    positive::Positive,
};
use crate::{Error, Roles, Settings, profiles::Digest, settings::Bias};

/// Bins of the score that make one cell where labels are numbers.
const TOGETHER: usize = 3;
/// Grades of items that relations tell apart; the last has all above it.
const GRADES: usize = 8;
/// Features whose relation to the label is counted, unless they are named.
const MOST_RELATIONS: usize = 64;

/// What is counted.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    /// What is predicted.
    pub(crate) problem: Problem,
    pub(crate) label: Option<String>,
    pub(crate) prediction: Option<String>,
    /// Column of the probability, of a binary problem.
    pub(crate) probability: Option<String>,
    /// Classes and the columns of their probabilities, of a problem with several.
    pub(crate) classes: Vec<(String, String)>,
    /// Column of the query that an item belongs to, of a ranking.
    pub(crate) query: Option<String>,
    /// Of a problem with several classes, what the baseline's labels make of probabilities: what those of other rows promise is
    /// added up under it. Not of the baseline itself.
    pub(crate) estimator: Option<ClassEstimator>,
    /// Which labels and predictions are positive, and which negative.
    pub(crate) positive: Positive,
    /// Score from which on a row counts as predicted positive where there is no prediction; of numbers, the value above which
    /// they count as positive for bias, or NaN.
    pub(crate) threshold: f64,
    pub(crate) facets: Vec<FacetForm>,
    /// Columns that the flip tests of facets look at.
    pub(crate) flip_columns: Vec<String>,
    /// Features whose relation to the label is counted.
    pub(crate) relations: Vec<Cells>,
    /// The bins of the score, given which these relations are counted; none where the baseline has no score.
    pub(crate) score: Option<Cells>,
    /// Classes that relations tell apart, of a problem with several.
    pub(crate) related_classes: Vec<Box<str>>,
    /// Columns of attributions, each with the feature that it is of.
    pub(crate) attributions: Vec<(String, String)>,
}

/// Groups whose treatment is compared.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FacetForm {
    pub(crate) column: String,
    pub(crate) facet: Facet,
    /// Column within whose values groups are compared.
    pub(crate) group: Option<String>,
    /// Columns by which the like of a row are found, as numbers among [`Form::flip_columns`].
    pub(crate) flip_test: Vec<usize>,
}

impl Form {
    /// What settings ask for, over the bins of a baseline; `None` where they name neither labels of predictions nor groups
    /// nor attributions.
    ///
    /// # Errors
    /// [`Error::Setting`] for what cannot be counted.
    pub(crate) fn of(settings: &Settings, spec: &Spec) -> Result<Option<Self>, Error> {
        let Settings { roles, quality, bias, attribution, .. } = settings;
        let attributions = attribution.columns(spec)?;
        // A label alone says nothing of a model.
        let predicts = roles.prediction.is_some() || roles.probability.is_some();
        if settings.ground_truth.is_some() && (roles.label.is_none() || !predicts && bias.is_empty()) {
            return Err(Error::Setting {
                name: "ground_truth".to_owned(),
                reason: "labels are of use beside predictions: name `label`, and `prediction` or `probability` (or groups \
                         under [[bias]])"
                    .to_owned(),
            });
        }
        if (roles.label.is_none() || !predicts) && bias.is_empty() && attributions.is_empty() {
            return Ok(None);
        }
        let kind = |name: &Option<String>| {
            let at = spec.position(name.as_deref()?)?;
            Some(&spec.features().get(at)?.kind)
        };
        let predicted = kind(&roles.prediction);
        let problem = match quality.problem {
            Some(problem) => problem,
            None => guessed(settings, predicted),
        };
        if (problem == Problem::Ranking) != quality.query.is_some() {
            return Err(Error::Setting {
                name: "quality.query".to_owned(),
                reason: "an order of items needs both `problem = \"ranking\"` and `query`, the column that says which items were \
                         ranked together"
                    .to_owned(),
            });
        }
        if problem == Problem::Ranking && roles.prediction.is_none() {
            return Err(Error::Setting {
                name: "roles.prediction".to_owned(),
                reason: "name the column of the scores that items are ranked by".to_owned(),
            });
        }
        // Beside a probability of two classes, a prediction of another kind, such as a number of minutes, decides nothing.
        let decides = problem != Problem::Binary
            || roles.probability.is_none()
            || quality.positive.is_some()
            || predicted.is_none_or(is_of_two);
        let prediction = roles.prediction.clone().filter(|_| decides);
        let of_score = match problem {
            Problem::Binary => roles.probability.as_ref().or(roles.prediction.as_ref()),
            _ => roles.prediction.as_ref(),
        };
        let feature = |name: &str| spec.features().get(spec.position(name)?);
        let score = of_score.and_then(|name| Cells::of(feature(name)?));
        let mut flip_columns: Vec<String> = bias.iter().flat_map(|bias| bias.flip_test.clone()).collect();
        flip_columns.sort_unstable();
        flip_columns.dedup();
        let related_classes = match (problem, predicted) {
            (Problem::Multiclass, Some(Kind::Category { domain })) => {
                domain.names().iter().take(MOST_NAMES).cloned().collect()
            }
            (Problem::Multiclass, _) => {
                quality.probabilities.keys().map(|name| name.as_str().into()).collect()
            }
            _ => Vec::new(),
        };
        Ok(Some(Self {
            problem,
            label: roles.label.clone(),
            prediction,
            probability: roles.probability.clone().filter(|_| problem == Problem::Binary),
            classes: match problem {
                Problem::Multiclass => {
                    quality.probabilities.iter().map(|(class, name)| (class.clone(), name.clone())).collect()
                }
                _ => Vec::new(),
            },
            query: quality.query.clone(),
            estimator: None,
            positive: Positive::of(quality.positive.as_deref()),
            threshold: quality.threshold.unwrap_or(if problem == Problem::Binary { 0.5 } else { f64::NAN }),
            facets: bias.iter().map(|bias| FacetForm::of(bias, &flip_columns)).collect::<Result<_, _>>()?,
            flip_columns,
            relations: if roles.label.is_some() {
                relations(settings, spec, &attributions)
            } else {
                Vec::new()
            },
            score: score.filter(|_| roles.label.is_some()),
            related_classes,
            attributions,
        }))
    }

    /// Whether predictions can be compared with labels.
    pub(crate) fn is_of_quality(&self) -> bool {
        self.label.is_some()
            && (self.prediction.is_some() || !self.classes.is_empty() || self.probability.is_some())
    }

    /// The columns that are looked at.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &str> {
        let single = [&self.label, &self.prediction, &self.probability, &self.query];
        single
            .into_iter()
            .filter_map(|name| name.as_deref())
            .chain(self.classes.iter().map(|(_, column)| column.as_str()))
            .chain(
                self.facets
                    .iter()
                    .flat_map(|facet| std::iter::once(facet.column.as_str()).chain(facet.group.as_deref())),
            )
            .chain(self.relations.iter().chain(&self.score).map(|cells| cells.column.as_str()))
            .chain(self.attributions.iter().map(|(column, _)| column.as_str()))
            .chain(self.flip_columns.iter().map(String::as_str))
    }

    /// Cells of a bin of a feature: bins of the score, several of them together where labels have many classes.
    pub(crate) fn given(&self, score: usize) -> usize {
        match self.problem {
            Problem::Regression | Problem::Ranking => score / TOGETHER,
            _ => score,
        }
    }

    /// Classes of labels that relations tell apart: numbers fall in the bins of predictions.
    pub(crate) fn label_classes(&self) -> usize {
        match self.problem {
            Problem::Binary => 2,
            Problem::Multiclass => self.related_classes.len(),
            Problem::Regression => self.score.as_ref().map_or(0, Cells::bins),
            Problem::Ranking => GRADES,
        }
    }

    /// Nothing yet of the errors by bins of a predicted number; `None` where they are not counted.
    pub(crate) fn errors(&self) -> Option<PredictionErrors> {
        let cells = self.score.as_ref().filter(|_| self.problem == Problem::Regression)?;
        cells.edges().map(|edges| PredictionErrors::over(edges.to_vec()))
    }

    /// The class of a label that is a number.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a small number, not below 0: casts saturate"
    )]
    pub(crate) fn label_class(&self, label: f64) -> Option<usize> {
        if self.problem == Problem::Ranking {
            return (label >= 0.0 && label.is_finite()).then_some((label as usize).min(GRADES - 1));
        }
        let cells = self.score.as_ref().filter(|_| label.is_finite())?;
        Some(usize::from(cells.bin(Some(Plain::Number(label)))))
    }

    /// Number of cells of a bin.
    pub(crate) fn givens(&self) -> usize {
        self.score.as_ref().map_or(1, |score| self.given(score.bins() - 1) + 1)
    }

    /// Everything that decides how rows are counted, beside windows and segments.
    pub(crate) fn digest(&self) -> String {
        let Self { problem, label, prediction, probability, classes, query, positive, threshold, .. } = self;
        let mut digest =
            Digest::new("outcomes 3").text(env!("CARGO_PKG_VERSION")).text(sketch::FORMAT_VERSION);
        digest = digest
            .text(format_args!("{problem:?} {label:?} {prediction:?} {probability:?} {classes:?} {query:?}"));
        digest =
            digest.text(format_args!("{positive:?} {threshold:?} {:?} {:?}", self.facets, self.flip_columns));
        digest = digest.text(format_args!("{:?} {:?}", self.related_classes, self.attributions));
        for cells in self.relations.iter().chain(&self.score) {
            digest = cells.digest(digest);
        }
        digest.finish()
    }
}

/// What is predicted, by the roles that are named and the values that the baseline's predictions have.
fn guessed(settings: &Settings, predicted: Option<&Kind>) -> Problem {
    if !settings.quality.probabilities.is_empty() {
        return Problem::Multiclass;
    }
    let Roles { prediction, probability, .. } = &settings.roles;
    if probability.is_some() || prediction.is_none() || settings.quality.positive.is_some() {
        return Problem::Binary;
    }
    match predicted {
        Some(kind) if is_of_two(kind) => Problem::Binary,
        Some(Kind::Category { .. }) => Problem::Multiclass,
        _ => Problem::Regression,
    }
}

/// Whether values are 0 and 1, or false and true, and nothing else.
fn is_of_two(kind: &Kind) -> bool {
    match kind {
        Kind::Number { bins, integral, .. } => {
            *integral && bins.range().is_some_and(|(low, high)| low >= 0.0 && high <= 1.0)
        }
        Kind::Category { domain } => {
            domain.names().iter().all(|name| ["true", "false", "0", "1"].contains(&&**name))
        }
        Kind::Empty | Kind::Uncovered => false,
    }
}

/// The features of the baseline that a label may follow from.
fn relations(settings: &Settings, spec: &Spec, attributions: &[(String, String)]) -> Vec<Cells> {
    let roles = &settings.roles;
    let is_feature = |feature: &&FeatureSpec| {
        roles.is_feature_monitored(&feature.name)
            && roles.role_of(&feature.name).is_none()
            && !settings.quality.probabilities.values().any(|column| *column == feature.name)
            && !attributions.iter().any(|(column, _)| is_part(column, &feature.name))
    };
    spec.features().iter().filter(is_feature).filter_map(Cells::of).take(MOST_RELATIONS).collect()
}

/// Whether a feature is a column, or the length or the values of a list that it is an item of.
fn is_part(column: &str, feature: &str) -> bool {
    let list = feature.strip_suffix(".length").or_else(|| feature.strip_suffix(".values"));
    column == feature || list.is_some_and(|list| column.rsplit_once('.').is_some_and(|(of, _)| of == list))
}

impl FacetForm {
    fn of(bias: &Bias, flip_columns: &[String]) -> Result<Self, Error> {
        let facet = match (bias.above, bias.disadvantaged.as_slice()) {
            (Some(_), [_, ..]) => {
                return Err(Error::Setting {
                    name: "bias".to_owned(),
                    reason: format!(
                        "facet `{}` has both `disadvantaged` and `above`: one of them says who the group is",
                        bias.facet
                    ),
                });
            }
            (Some(above), []) => Facet::Group(Condition::Above(above)),
            (None, []) => Facet::EachValue,
            (None, names) => Facet::Group(Condition::OneOf(names.to_vec())),
        };
        let place = |name: &String| flip_columns.iter().position(|column| column == name);
        Ok(Self {
            column: bias.facet.clone(),
            facet,
            group: bias.group.clone(),
            flip_test: bias.flip_test.iter().filter_map(place).collect(),
        })
    }
}
