//! Which rows are in a group, and which labels are positive: conditions on values of any type.

use std::borrow::Cow;

use sketch::short_name;

use super::metric::Undefined;
use super::table::Table;
use super::tally::Tally;

/// A value of a facet, a label or a prediction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Text; a number in it counts as that number.
    Text(&'a str),
    /// A number; NaN is no value.
    Number(f64),
    /// True or false, which equal 1 and 0.
    Flag(bool),
}

/// What a value has to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// One of these; `1`, `1.0` and `true` are one value.
    OneOf(Vec<String>),
    /// A number above this one.
    Above(f64),
}

/// How a column splits rows into a disadvantaged group and the rest.
#[derive(Clone, Debug, PartialEq)]
pub enum Facet {
    /// Rows that meet the condition against those that do not.
    Group(Condition),
    /// Each value in turn against all others.
    EachValue,
}

/// Names of the two sides of a threshold, under which their rows are counted.
const SIDES: [&str; 2] = ["rest", "above"];

impl<'a> Value<'a> {
    /// The number that the value is, if it is one.
    fn number(self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number),
            Self::Flag(flag) => Some(f64::from(u8::from(flag))),
            Self::Text(text) => number(text),
        }
    }

    /// The name under which rows of the value are counted; `None` for NaN.
    #[must_use]
    pub fn name(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(short_name(text)),
            Self::Number(number) if number.is_nan() => None,
            // Adding zero turns -0 into 0.
            Self::Number(number) => Some(Cow::Owned((number + 0.0).to_string())),
            Self::Flag(flag) => Some(Cow::Borrowed(if flag { "true" } else { "false" })),
        }
    }
}

fn number(text: &str) -> Option<f64> {
    match text {
        "true" | "True" | "TRUE" => Some(1.0),
        "false" | "False" | "FALSE" => Some(0.0),
        _ => text.trim().parse().ok().filter(|number: &f64| !number.is_nan()),
    }
}

impl Condition {
    /// Whether the value meets the condition; `None` for NaN.
    ///
    /// # Errors
    /// [`Undefined::Mismatched`] for text where the condition names numbers, and the reverse.
    pub fn holds(&self, value: Value<'_>) -> Result<Option<bool>, Undefined> {
        if matches!(value, Value::Number(number) if number.is_nan()) {
            return Ok(None);
        }
        match self {
            Self::Above(threshold) => match value.number() {
                Some(number) => Ok(Some(number > *threshold)),
                None => Err(Undefined::Mismatched),
            },
            Self::OneOf(names) => {
                let of_numbers = names.iter().all(|name| number(name).is_some());
                let has_number = value.number().is_some();
                let text = matches!(value, Value::Text(_));
                if of_numbers && !has_number || !text && names.iter().all(|name| number(name).is_none()) {
                    return Err(Undefined::Mismatched);
                }
                Ok(value.name().map(|value| names.iter().any(|name| same(name, &value))))
            }
        }
    }

    /// The condition as text: `2,3` or `> 40`.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::OneOf(names) => names.join(","),
            Self::Above(threshold) => format!("> {threshold}"),
        }
    }
}

/// Whether two names are one value.
fn same(left: &str, right: &str) -> bool {
    if left == right || short_name(left) == right {
        return true;
    }
    match (number(left), number(right)) {
        (Some(left), Some(right)) => left.total_cmp(&right).is_eq(),
        _ => false,
    }
}

impl Facet {
    /// The name under which rows of the value are counted; `None` for NaN. Counts are kept by value, so that a list
    /// can change without reading rows again, but for a threshold by side.
    ///
    /// # Errors
    /// [`Undefined::Mismatched`] for text where the facet is a threshold.
    pub fn name<'a>(&self, value: Value<'a>) -> Result<Option<Cow<'a, str>>, Undefined> {
        match self {
            Self::Group(condition @ Condition::Above(_)) => {
                let side = |above: bool| Cow::Borrowed(SIDES[usize::from(above)]);
                condition.holds(value).map(|above| above.map(side))
            }
            _ => Ok(value.name()),
        }
    }

    /// The groups to compare with the rest, each with its name and its rows.
    #[must_use]
    pub fn tables(&self, tally: &Tally) -> Vec<(String, Table)> {
        let table = |group: String| {
            let table = tally.table(|name| self.is_in(&group, name));
            (group, table)
        };
        match self {
            Self::Group(condition) => vec![table(condition.text())],
            Self::EachValue => tally.names().map(|name| table(name.to_owned())).collect(),
        }
    }

    /// Whether rows that are counted under `name` are in a group of [`Facet::tables`].
    #[must_use]
    pub fn is_in(&self, group: &str, name: &str) -> bool {
        match self {
            Self::Group(Condition::Above(_)) => name == SIDES[1],
            Self::Group(Condition::OneOf(names)) => names.iter().any(|wanted| same(wanted, name)),
            Self::EachValue => name == group,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_itself_in_every_type() {
        let one = Condition::OneOf(vec!["1".to_owned()]);
        for value in [Value::Text("1"), Value::Text("1.0"), Value::Number(1.0), Value::Flag(true)] {
            assert_eq!(one.holds(value), Ok(Some(true)), "{value:?}");
        }
        for value in [Value::Text("0"), Value::Number(2.0), Value::Flag(false)] {
            assert_eq!(one.holds(value), Ok(Some(false)), "{value:?}");
        }
        assert_eq!(one.holds(Value::Number(f64::NAN)), Ok(None));
        assert_eq!(one.holds(Value::Text("yes")), Err(Undefined::Mismatched));
        let yes = Condition::OneOf(vec!["yes".to_owned()]);
        assert_eq!(yes.holds(Value::Text("no")), Ok(Some(false)));
        assert_eq!(yes.holds(Value::Number(1.0)), Err(Undefined::Mismatched));
        let mixed = Condition::OneOf(vec!["yes".to_owned(), "1".to_owned()]);
        assert_eq!(mixed.holds(Value::Flag(true)), Ok(Some(true)));
        assert_eq!(mixed.holds(Value::Text("?")), Ok(Some(false)));
    }

    #[test]
    fn a_threshold_leaves_itself_out() {
        let above = Condition::Above(40.0);
        assert_eq!(above.holds(Value::Number(40.0)), Ok(Some(false)));
        assert_eq!(above.holds(Value::Text("40.5")), Ok(Some(true)));
        assert_eq!(above.holds(Value::Text("old")), Err(Undefined::Mismatched));
        assert_eq!(above.holds(Value::Number(f64::NAN)), Ok(None));
        assert_eq!(above.text(), "> 40");
        let facet = Facet::Group(above);
        assert_eq!(facet.name(Value::Number(99.0)).unwrap().as_deref(), Some("above"));
        assert_eq!(Facet::EachValue.name(Value::Number(-0.0)).unwrap().as_deref(), Some("0"));
    }
}
