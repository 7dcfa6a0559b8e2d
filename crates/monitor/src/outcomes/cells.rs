//! A column cut into a few bins, within which labels are counted.

use profile::{FeatureSpec, Kind, Plain};
use sketch::{Bins, Domain};

use super::positive::plain;
use crate::profiles::Digest;

/// Names of a category that have a bin of their own; the others share one.
pub(super) const MOST_NAMES: usize = 15;

/// A column cut into a few bins.
#[derive(Debug, Clone)]
pub(crate) struct Cells {
    pub(crate) column: String,
    cut: Cut,
}

#[derive(Debug, Clone)]
enum Cut {
    Numbers(Vec<f64>),
    Names(Box<Domain>, usize),
}

impl Cells {
    pub(super) fn of(spec: &FeatureSpec) -> Option<Self> {
        let cut = match &spec.kind {
            Kind::Number { bins, .. } => Cut::Numbers(Bins::coarse_edges(bins).to_vec()),
            Kind::Category { domain } => {
                Cut::Names(Box::new(domain.clone()), domain.names().len().min(MOST_NAMES))
            }
            Kind::Empty | Kind::Uncovered => return None,
        };
        Some(Self { column: spec.name.clone(), cut })
    }

    /// The edges between bins of numbers.
    pub(super) fn edges(&self) -> Option<&[f64]> {
        match &self.cut {
            Cut::Numbers(edges) => Some(edges),
            Cut::Names(..) => None,
        }
    }

    /// Adds what decides in which bin a value falls.
    pub(super) fn digest(&self, digest: Digest) -> Digest {
        let digest = digest.text(&self.column);
        match &self.cut {
            Cut::Numbers(edges) => digest.text(format_args!("{edges:?}")),
            Cut::Names(domain, names) => digest.text(format_args!("{:?}", &domain.names()[..*names])),
        }
    }

    /// Number of bins: those of values, then one of all other names, then one for nothing.
    pub(crate) fn bins(&self) -> usize {
        match &self.cut {
            Cut::Numbers(edges) => edges.len() + 2,
            Cut::Names(_, names) => names + 2,
        }
    }

    /// The bin of a value.
    pub(crate) fn bin(&self, value: Option<Plain<'_>>) -> u16 {
        let missing = self.bins() - 1;
        let bin = match (&self.cut, value) {
            (_, None) => missing,
            (Cut::Numbers(edges), Some(value)) => match value.number().filter(|number| !number.is_nan()) {
                Some(number) => edges.partition_point(|edge| *edge <= number),
                None => missing,
            },
            (Cut::Names(domain, names), Some(value)) => {
                let name = plain(value).name();
                let position = name.map(|name| domain.position(&name).filter(|at| at < names));
                position.map_or(missing, |position| position.unwrap_or(*names))
            }
        };
        u16::try_from(bin).unwrap_or(u16::MAX)
    }

    /// What a bin holds, for people.
    pub(crate) fn label(&self, bin: usize) -> String {
        if bin + 1 == self.bins() {
            return "(none)".to_owned();
        }
        match &self.cut {
            Cut::Numbers(edges) => {
                let edge = |at: Option<usize>| at.and_then(|at| edges.get(at)).copied();
                match (edge(bin.checked_sub(1)), edge(Some(bin))) {
                    (None, None) => "(any)".to_owned(),
                    (None, Some(high)) => format!("< {}", crate::score::short(high)),
                    (Some(low), None) => format!(">= {}", crate::score::short(low)),
                    (Some(low), Some(high)) => {
                        format!("{} to {}", crate::score::short(low), crate::score::short(high))
                    }
                }
            }
            Cut::Names(domain, names) => match domain.names().get(bin).filter(|_| bin < *names) {
                Some(name) => name.to_string(),
                None => "(other)".to_owned(),
            },
        }
    }
}
