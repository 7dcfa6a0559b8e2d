//! The known name nearest to a wrong one.

/// Names that are listed at most.
const LISTED: usize = 12;

/// ``did you mean `a`?``, or the names when none is near.
pub(crate) fn hint<'a>(wrong: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let near = |name: &&str| strsim::jaro_winkler(&wrong.to_lowercase(), &name.to_lowercase());
    let best = known.clone().map(|name| (near(&name), name)).max_by(|a, b| a.0.total_cmp(&b.0));
    match best {
        Some((similarity, name)) if similarity > 0.75 => format!("did you mean `{name}`?"),
        _ => {
            let more = known.clone().count().saturating_sub(LISTED);
            let names: Vec<_> = known.take(LISTED).map(|name| format!("`{name}`")).collect();
            let more = if more > 0 { format!(" or one of {more} more") } else { String::new() };
            format!("expected {}{more}", names.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_offered_and_far_ones_listed() {
        let known = ["timestamp", "id"];
        assert_eq!(hint("timestmp", known.into_iter()), "did you mean `timestamp`?");
        assert_eq!(hint("TimeStamp", known.into_iter()), "did you mean `timestamp`?");
        assert_eq!(hint("zzz", known.into_iter()), "expected `timestamp`, `id`");
    }
}
