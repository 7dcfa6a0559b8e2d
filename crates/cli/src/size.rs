//! Sizes in bytes, as people write and read them.

const UNITS: [(&str, u64); 9] = [
    ("B", 1),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

/// Reads `512MiB`, `2GiB`, `1.5 GB`; a bare number would leave the unit to guesswork.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let wrong = || format!("expected a size with its unit, such as 512MiB or 2GiB, found `{text}`");
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
    let (number, unit) = text.split_at(end);
    let unit = unit.trim();
    let unit = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit));
    let (_, bytes) = unit.ok_or_else(wrong)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let whole: u64 = whole.parse().map_err(|_| wrong())?;
    if fraction.is_empty() || fraction.len() > 6 || fraction.contains('.') {
        return Err(wrong());
    }
    let thousandths: u64 = format!("{fraction:0<6}").parse().map_err(|_| wrong())?;
    let rest = bytes.checked_mul(thousandths).ok_or_else(wrong)? / 1_000_000;
    let size = whole.checked_mul(*bytes).and_then(|size| size.checked_add(rest)).ok_or_else(wrong)?;
    if size < 64 << 10 {
        return Err(format!("expected at least 64KiB, found `{text}`"));
    }
    Ok(size)
}

/// `11.0 MB`.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub(crate) fn show(bytes: u64) -> String {
    let (name, unit) = UNITS[..5].iter().rev().find(|(_, unit)| bytes >= *unit).unwrap_or(&UNITS[0]);
    match *unit {
        1 => format!("{bytes} {name}"),
        unit => format!("{:.1} {name}", bytes as f64 / unit as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_and_demanded() {
        assert_eq!(parse("2GiB"), Ok(2 << 30));
        assert_eq!(parse("1.5 gb"), Ok(1_500_000_000));
        assert_eq!(parse("512MiB"), Ok(512 << 20));
        for wrong in ["2", "GiB", "2 parsecs", "-1GiB", "1.GiB", "99999999999TiB", "1.2.3GiB", ""] {
            assert!(parse(wrong).unwrap_err().contains("512MiB"), "{wrong}");
        }
        assert!(parse("3KB").unwrap_err().contains("at least"));
    }

    #[test]
    fn three_digits_are_shown() {
        assert_eq!(show(10_954_596), "11.0 MB");
        assert_eq!(show(12), "12 B");
    }
}
