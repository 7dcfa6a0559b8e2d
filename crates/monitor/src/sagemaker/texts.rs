//! The words and numbers of Model Monitor's reports.

/// A double as Java writes it: always with a point, and with an exponent below 0.001 and from 10,000,000 on.
///
/// The digits are the fewest that tell the double from its neighbours. Before Java 19 a few doubles had one digit more.
pub(super) fn java(value: f64) -> String {
    if !value.is_finite() {
        return if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        }
        .to_owned();
    }
    let pointed = |text: String| if text.contains('.') { text } else { format!("{text}.0") };
    let magnitude = value.abs();
    if magnitude == 0.0 || (1e-3..1e7).contains(&magnitude) {
        return pointed(value.to_string());
    }
    let text = format!("{value:e}");
    match text.split_once('e') {
        Some((digits, exponent)) => format!("{}E{exponent}", pointed(digits.to_owned())),
        None => text,
    }
}

/// A double as Python writes it, which the reports of Clarify do: with an exponent of two digits below 0.0001 and from 10^16 on.
pub(super) fn python(value: f64) -> String {
    let magnitude = value.abs();
    if !value.is_finite() || magnitude == 0.0 || (1e-3..1e7).contains(&magnitude) {
        return java(value);
    }
    if (1e-4..1e16).contains(&magnitude) {
        let text = value.to_string();
        return if text.contains('.') { text } else { format!("{text}.0") };
    }
    let text = format!("{value:e}");
    match text.split_once('e').and_then(|(digits, exponent)| Some((digits, exponent.parse::<i32>().ok()?))) {
        Some((digits, exponent)) => {
            format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
        }
        None => text,
    }
}

/// As real jobs write it.
pub(super) fn data_type(expected: &str, threshold: f64, share: f64) -> String {
    format!(
        "Data type match requirement is not met. Expected data type: {expected}, Expected match: {}%. Observed: Only {}% of data is {expected}.",
        java(threshold * 100.0),
        java(share * 100.0)
    )
}

/// No report with it is known: the words of Deequ for a constraint that does not hold.
pub(super) fn requirement(value: f64) -> String {
    format!("Value: {} does not meet the constraint requirement!", java(value))
}

/// The part from `distance` on is what a script of AWS takes apart; the words before it are assumed.
pub(super) fn drift(distance: f64, threshold: f64) -> String {
    format!("Baseline drift distance: {} exceeds threshold: {}", java(distance), java(threshold))
}

/// For missing columns as a report has it; that extra columns read alike is assumed.
pub(super) fn columns(which: &str, now: usize, expected: usize) -> String {
    format!(
        "There are {which} columns in current dataset. Number of columns in current dataset: {now}, Number of columns in baseline constraints: {expected}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_java() {
        for (value, text) in [
            (100.0, "100.0"),
            (0.0, "0.0"),
            (1970.0 / 1977.0 * 100.0, "99.64592817400101"),
            (1407.0 / 1412.0 * 100.0, "99.6458923512748"),
            (353.0 / 354.0 * 100.0, "99.71751412429379"),
            (5.09e-4, "5.09E-4"),
            (0.001, "0.001"),
            (-12_345_678.0, "-1.2345678E7"),
            (1e7, "1.0E7"),
            (9_999_999.0, "9999999.0"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(java(value), text);
        }
    }

    #[test]
    fn numbers_are_those_of_python() {
        for (value, text) in [
            (-0.346_938_775_510_204_13, "-0.34693877551020413"),
            (1.0, "1.0"),
            (f64::INFINITY, "Infinity"),
            (0.000_934_645_272_088_256_9, "0.0009346452720882569"),
            (1.5e-5, "1.5e-05"),
            (-1e16, "-1e+16"),
            (12_345_678.0, "12345678.0"),
        ] {
            assert_eq!(python(value), text);
        }
    }

    #[test]
    fn a_wrong_type_reads_as_in_a_real_report() {
        assert_eq!(
            data_type("Integral", 1.0, 1970.0 / 1977.0),
            "Data type match requirement is not met. Expected data type: Integral, Expected match: 100.0%. Observed: Only 99.64592817400101% of data is Integral."
        );
    }
}
