//! How deep a document is nested, before a parser that follows every level on its stack sees it.

use memchr::memchr2_iter;

/// Levels that a document may have.
pub(super) const MOST: usize = 128;

/// Whether it has more levels; what is no JSON may be taken for deeper than it is.
pub(super) fn is_beyond(text: &str) -> bool {
    // Few that open cannot be many levels, and most lines have a few.
    memchr2_iter(b'[', b'{', text.as_bytes()).nth(MOST).is_some() && levels(text) > MOST
}

fn levels(text: &str) -> usize {
    let (mut deepest, mut level) = (0, 0_usize);
    let (mut quoted, mut escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'[' | b'{' => {
                level += 1;
                deepest = deepest.max(level);
            }
            b']' | b'}' => level = level.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_count_outside_of_texts() {
        assert_eq!(levels(r#"{"a":[1,{"b":"[[[\"[["}],"c":{}}"#), 3);
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(!is_beyond(&nested(MOST)) && is_beyond(&nested(MOST + 1)));
        assert!(!is_beyond(&format!("[{}]", vec!["{}"; 1000].join(","))));
        assert!(!is_beyond(&format!("\"{}\"", "[".repeat(1000))));
    }
}
