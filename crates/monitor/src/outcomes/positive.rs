//! Which labels and predictions are positive, and which negative.

use profile::Plain;
use quality::bias::{Condition, Value};

/// Which of two classes a value is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Positive {
    pub(crate) positive: Condition,
    /// Everything else where it is not said.
    negative: Option<Condition>,
}

impl Positive {
    pub(super) fn of(name: Option<&str>) -> Self {
        let one = |name: &str| Condition::OneOf(vec![name.to_owned()]);
        match name {
            Some(name) => Self { positive: one(name), negative: None },
            None => Self { positive: one("1"), negative: Some(one("0")) },
        }
    }

    /// Whether a name of several is the positive one; `None` where it is not said which is.
    pub(crate) fn holds(&self, name: &str) -> Option<bool> {
        let stated = self.negative.is_none();
        stated.then(|| matches!(self.positive.holds(Value::Text(name)), Ok(Some(true))))
    }

    /// As of a value, of what was decided: where labels are names, models often answer 1 and 0, or true and false.
    pub(crate) fn of_decision(&self, value: Option<Plain<'_>>) -> f64 {
        let found = self.of_value(value);
        if self.negative.is_some() || self.is_number() {
            return found;
        }
        match value {
            Some(Plain::Flag(true) | Plain::Number(1.0) | Plain::Text("1" | "true" | "True" | "TRUE")) => 1.0,
            _ => found,
        }
    }

    /// Whether the positive one of two classes is a number, or true or false.
    fn is_number(&self) -> bool {
        match &self.positive {
            Condition::OneOf(names) => names.iter().any(|name| {
                name.parse::<f64>().is_ok() || ["true", "false"].contains(&name.to_lowercase().as_str())
            }),
            _ => false,
        }
    }

    /// 1 for a value that is positive, 0 for one that is negative, 2 for one that is neither, NaN for none.
    pub(crate) fn of_value(&self, value: Option<Plain<'_>>) -> f64 {
        const NEITHER: f64 = 2.0;
        let Some(value) = value else { return f64::NAN };
        // The usual ones, without a look at their text.
        if let (Plain::Number(number @ (0.0 | 1.0)), Some(_)) = (value, &self.negative) {
            return number;
        }
        let value = plain(value);
        match (self.positive.holds(value), &self.negative) {
            (Ok(None), _) => f64::NAN,
            (Ok(Some(true)), _) => 1.0,
            // Text where the name is a number is no slip of a type if any other value is negative.
            (Ok(Some(false)) | Err(_), None) => 0.0,
            (Ok(Some(false)), Some(negative)) => match negative.holds(value) {
                Ok(Some(true)) => 0.0,
                _ => NEITHER,
            },
            (Err(_), Some(_)) => NEITHER,
        }
    }
}

/// As the crate `quality` has it.
pub(crate) fn plain(value: Plain<'_>) -> Value<'_> {
    match value {
        Plain::Number(number) => Value::Number(number),
        Plain::Text(text) => Value::Text(text),
        Plain::Flag(flag) => Value::Flag(flag),
    }
}
