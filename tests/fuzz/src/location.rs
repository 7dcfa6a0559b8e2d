//! The grammar of locations: what is shown is read as the same place, and no pair of places stops the program.
//!
//! The first line is a location, the second another one, the third a path below both.

use std::path::Path;

use monitor::Location;

/// Reads two locations.
pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut lines = text.splitn(3, '\n');
    let [first, second, below] = [(); 3].map(|()| lines.next().unwrap_or_default());
    let (first, second) = (read(first), read(second));
    for place in [&first, &second].into_iter().flatten() {
        for other in [&first, &second].into_iter().flatten() {
            let _ = place.contains(other);
        }
        if let Ok(joined) = place.join(below) {
            assert!(place.contains(&joined), "`{place}` does not contain `{joined}`");
        }
    }
}

fn read(text: &str) -> Option<Location> {
    let parse = |text: &str| Location::parse(text, Path::new("/nowhere"));
    let place = parse(text).ok()?;
    let shown = place.to_string();
    let again = parse(&shown);
    assert!(again.as_ref().is_ok_and(|again| *again == place), "`{shown}`: {place:?} {again:?}");
    Some(place)
}
