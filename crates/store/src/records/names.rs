//! Names for values that come without: by their place among all such values of a record.

use super::side::Cell;
use super::table::Table;
use super::{OutputsAt, RecordOptions};
use std::collections::{HashMap, HashSet};

/// What tells records apart whose values have other names: numbers of placed values in answer and request, names of the
/// others in both, and how many of these are the request's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Form {
    outputs: usize,
    inputs: usize,
    named: Vec<usize>,
    of_inputs: usize,
}

/// Names of all values of a record.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    pub(super) answer: Vec<usize>,
    pub(super) request: Vec<usize>,
}

/// Hands out names by place.
#[derive(Debug)]
pub(super) struct Naming<'a> {
    options: &'a RecordOptions,
    known: HashMap<Form, Names>,
    /// The form of the record before, with its names: most are alike.
    last: Option<(Form, Names)>,
    form: Form,
}

impl<'a> Naming<'a> {
    pub(super) fn new(options: &'a RecordOptions) -> Self {
        Self { options, known: HashMap::new(), last: None, form: Form::default() }
    }

    /// Names of all values of a record.
    ///
    /// A name that both sides have is the request's; the answer's has `output.` in front.
    pub(super) fn of(
        &mut self,
        output: &[Cell],
        input: &[Cell],
        table: &mut Table,
    ) -> Result<&Names, String> {
        let form = &mut self.form;
        *form = Form { named: std::mem::take(&mut form.named), ..Form::default() };
        form.named.clear();
        for (cells, placed) in [(input, &mut form.inputs), (output, &mut form.outputs)] {
            for cell in cells {
                match cell.name.filter(|_| !cell.placed) {
                    Some(name) => form.named.push(name),
                    None => *placed += 1,
                }
            }
        }
        form.of_inputs = input.len() - form.inputs;
        if self.last.as_ref().is_none_or(|(last, _)| *last != self.form) {
            let names = match self.known.get(&self.form) {
                Some(names) => names.clone(),
                None => {
                    let names = self.names(output, input, table)?;
                    self.known.insert(self.form.clone(), names.clone());
                    names
                }
            };
            self.last = Some((self.form.clone(), names));
        }
        match &self.last {
            Some((_, names)) => Ok(names),
            None => Err("no names".to_owned()),
        }
    }

    fn names(&self, output: &[Cell], input: &[Cell], table: &mut Table) -> Result<Names, String> {
        let Form { outputs, inputs, named, of_inputs } = &self.form;
        twice(&named[..*of_inputs], table)?;
        twice(&named[*of_inputs..], table)?;
        let places = self.places(output, input, table)?;
        let (first, second) = match self.options.outputs {
            OutputsAt::Start => (&places[..*outputs], &places[*outputs..]),
            OutputsAt::End => (&places[*inputs..], &places[..*inputs]),
        };
        let of_input: HashSet<usize> = named[..*of_inputs].iter().copied().collect();
        let answer = filled(output, first, |name| {
            if of_input.contains(&name) {
                let text = format!("output.{}", table.name_text(name));
                table.name(&text)
            } else {
                name
            }
        });
        Ok(Names { answer, request: filled(input, second, |name| name) })
    }

    /// Names of the placed values, in the order of all names.
    fn places(&self, output: &[Cell], input: &[Cell], table: &mut Table) -> Result<Vec<usize>, String> {
        let Form { outputs, inputs, named, .. } = &self.form;
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
            let sides = format!("{outputs} of the answer, {inputs} of the request");
            return Err(format!("expected {} values, found {count} ({sides})", rest.len()));
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

fn filled(cells: &[Cell], places: &[usize], mut own: impl FnMut(usize) -> usize) -> Vec<usize> {
    let mut places = places.iter();
    let name = |cell: &Cell| {
        let place = if cell.placed { places.next().copied() } else { None };
        place.unwrap_or_else(|| own(cell.name.unwrap_or_default()))
    };
    cells.iter().map(name).collect()
}
