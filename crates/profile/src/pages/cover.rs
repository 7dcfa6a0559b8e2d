//! Which columns of a file the page path takes, and why the others go to the batch path.

use std::{collections::HashSet, sync::Arc};

use arrow_schema::{DataType, Field};
use parquet::arrow::arrow_reader::ArrowReaderMetadata;

use super::physical::Physical;
use crate::{Kind, Spec, feature::Target, values::plain_type};

/// What becomes of the columns of a file.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    /// Columns of the page path, in the order of the file.
    pub leaves: Vec<PageLeaf>,
    /// Top-level columns that the batch path takes, with the reason.
    pub handed_over: Vec<(String, String)>,
}

/// A column that the page path takes.
#[derive(Debug, Clone)]
pub struct PageLeaf {
    /// Position among the leaf columns of the file.
    pub index: usize,
    /// Dotted name.
    pub name: String,
    pub(super) type_name: Arc<str>,
    pub(super) physical: Physical,
    /// The definition level of a value.
    pub(super) most: i16,
}

/// Decides for the top-level columns at these positions of a file's schema.
#[must_use]
pub fn cover(metadata: &ArrowReaderMetadata, roots: &[usize], spec: &Spec) -> Coverage {
    let fields = metadata.schema().fields();
    let wanted = || roots.iter().filter_map(|root| Some((*root, fields.get(*root)?)));
    let mut coverage = Coverage::default();
    let mut names = HashSet::new();
    let unique = wanted().all(|(_, field)| {
        let mut leaves = Vec::new();
        flatten(field.name().clone(), field.data_type(), &mut leaves);
        leaves.into_iter().all(|(name, _)| names.insert(name))
    });
    // What the batch path makes of a list is named after it, and may have the name of a column.
    let nested = |field: &Field| field.data_type().is_nested();
    let above: Vec<String> =
        wanted().filter(|(_, field)| nested(field)).map(|(_, field)| format!("{}.", field.name())).collect();
    for (root, field) in wanted() {
        let ambiguous = !nested(field) && above.iter().any(|name| field.name().starts_with(name));
        let leaves = if !unique || ambiguous {
            Err("its name occurs twice".to_owned())
        } else {
            root_leaves(metadata, root, field, spec)
        };
        match leaves {
            Ok(leaves) => coverage.leaves.extend(leaves),
            Err(reason) => coverage.handed_over.push((field.name().clone(), reason)),
        }
    }
    coverage
}

/// The leaves of a top-level column, or why it is not covered.
fn root_leaves(
    metadata: &ArrowReaderMetadata,
    root: usize,
    field: &Field,
    spec: &Spec,
) -> Result<Vec<PageLeaf>, String> {
    let schema = metadata.parquet_schema();
    let mut flat = Vec::new();
    flatten(field.name().clone(), field.data_type(), &mut flat);
    let columns: Vec<usize> =
        (0..schema.num_columns()).filter(|i| schema.get_column_root_idx(*i) == root).collect();
    if flat.len() != columns.len() || columns.iter().any(|i| schema.column(*i).max_rep_level() > 0) {
        return Err(format!("nested: {}", field.data_type()));
    }
    let leaf = |((name, data_type), index): ((String, &DataType), usize)| {
        let column = schema.column(index);
        let refuse = |why: &str| Err(format!("{data_type} stored as {}{why}", column.physical_type()));
        let Some(physical) = Physical::new(column.physical_type(), column.type_length(), data_type) else {
            return refuse("");
        };
        let target = Target::of(spec.position(&name).map_or(&Kind::Empty, |i| &spec.features()[i].kind));
        if matches!(target, Target::Arrival(_)) {
            return Err("the order of its values matters".to_owned());
        }
        let fits = match physical {
            Physical::Number(_) => target.takes_numbers(),
            _ => target.takes_names(),
        };
        if !fits {
            return refuse(", another kind than the baseline's");
        }
        let (type_name, most) = (plain_type(data_type).to_string().into(), column.max_def_level());
        Ok(PageLeaf { index, name, type_name, physical, most })
    };
    flat.into_iter().zip(columns).map(leaf).collect()
}

/// Names and types of the flat columns below one, as the batch path has them where there is no list.
fn flatten<'a>(name: String, data_type: &'a DataType, leaves: &mut Vec<(String, &'a DataType)>) {
    match data_type {
        DataType::Struct(members) => {
            for member in members {
                flatten(format!("{name}.{}", member.name()), member.data_type(), leaves);
            }
        }
        other => leaves.push((name, other)),
    }
}
