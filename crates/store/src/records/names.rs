//! Names for values that come without: by their place among all such values of a record.

use super::side::Cell;
use super::table::Table;
use super::{OutputsAt, RecordOptions};
use std::collections::{HashMap, HashSet};

/// Hands out names by place.
#[derive(Debug)]
pub(super) struct Naming<'a> {
    options: &'a RecordOptions,
    /// By the numbers of placed values in request and answer, and by the names that the record has itself.
    known: HashMap<(usize, usize, Vec<usize>), Vec<usize>>,
    outputs: Vec<usize>,
    inputs: Vec<usize>,
}

impl<'a> Naming<'a> {
    pub(super) fn new(options: &'a RecordOptions) -> Self {
        Self { options, known: HashMap::new(), outputs: Vec::new(), inputs: Vec::new() }
    }

    /// Names of all values of a record: of the answer, then of the request.
    ///
    /// A name that both sides have is the request's; the answer's has `output.` in front.
    pub(super) fn of(
        &mut self,
        output: &[Cell],
        input: &[Cell],
        table: &mut Table,
    ) -> Result<(&[usize], &[usize]), String> {
        let placed = |cells: &[Cell]| cells.iter().filter(|cell| cell.placed).count();
        let own = |cells: &[Cell]| -> Vec<usize> {
            cells.iter().filter(|cell| !cell.placed).filter_map(|cell| cell.name).collect()
        };
        let (outputs, inputs) = (placed(output), placed(input));
        let mut named = own(input);
        let of_inputs = named.len();
        named.extend(own(output));
        let key = (outputs, inputs, named);
        if !self.known.contains_key(&key) {
            twice(&key.2[..of_inputs], table)?;
            twice(&key.2[of_inputs..], table)?;
            let places = self.places(&key, output, input, table)?;
            self.known.insert(key.clone(), places);
        }
        let places = &self.known[&key];
        let of_input: HashSet<usize> = if key.2.len() > of_inputs {
            key.2[..of_inputs].iter().copied().collect()
        } else {
            HashSet::new()
        };
        let (first, second) = match self.options.outputs {
            OutputsAt::Start => (&places[..outputs], &places[outputs..]),
            OutputsAt::End => (&places[inputs..], &places[..inputs]),
        };
        fill(&mut self.outputs, output, first, |name| {
            if of_input.contains(&name) {
                let text = format!("output.{}", table.name_text(name));
                table.name(&text)
            } else {
                name
            }
        });
        fill(&mut self.inputs, input, second, |name| name);
        Ok((&self.outputs, &self.inputs))
    }

    /// Names of the placed values, in the order of all names.
    fn places(
        &self,
        (outputs, inputs, named): &(usize, usize, Vec<usize>),
        output: &[Cell],
        input: &[Cell],
        table: &mut Table,
    ) -> Result<Vec<usize>, String> {
        let count = outputs + inputs;
        let own: HashSet<&str> = named.iter().map(|&name| table.name_text(name)).collect();
        let rest: Vec<&String> =
            self.options.names.iter().filter(|name| !own.contains(name.as_str())).collect();
        if count > 0 && rest.len() == count {
            return Ok(rest.into_iter().map(|name| table.name(name)).collect());
        }
        let (first, second) = match self.options.outputs {
            OutputsAt::Start => (output, input),
            OutputsAt::End => (input, output),
        };
        let cells: Vec<&Cell> = first.iter().chain(second).filter(|cell| cell.placed).collect();
        let nameless = cells.iter().all(|cell| cell.name.is_none());
        if nameless && !rest.is_empty() && count > 0 {
            // With one side only, that side has the names at its end of the list.
            let one_side = (*outputs == 0) != (*inputs == 0);
            if one_side && count < rest.len() {
                let at_start = (*inputs == 0) == (self.options.outputs == OutputsAt::Start);
                let names = if at_start { &rest[..count] } else { &rest[rest.len() - count..] };
                return Ok(names.iter().map(|name| table.name(name)).collect());
            }
            return Err(format!("expected {} values, found {count}", rest.len()));
        }
        let fallback =
            |(index, cell): (usize, &&Cell)| cell.name.unwrap_or_else(|| table.name(&format!("_c{index}")));
        Ok(cells.iter().enumerate().map(fallback).collect())
    }
}

/// Refuses a name that one side has twice.
fn twice(names: &[usize], table: &Table) -> Result<(), String> {
    let mut seen = HashSet::new();
    match names.iter().find(|name| !seen.insert(**name)) {
        Some(&name) => Err(format!("two values of the name `{}`", table.name_text(name))),
        None => Ok(()),
    }
}

fn fill(names: &mut Vec<usize>, cells: &[Cell], places: &[usize], mut own: impl FnMut(usize) -> usize) {
    names.clear();
    let mut places = places.iter();
    for cell in cells {
        let place = if cell.placed { places.next().copied() } else { None };
        names.push(place.unwrap_or_else(|| own(cell.name.unwrap_or_default())));
    }
}
