//! Reading `statistics.json` and `constraints.json`: what is wrong is told by file, feature and member.

use serde::{Deserialize, Deserializer, de::DeserializeOwned, de::Error as _};
use serde_json::Value;
use serde_path_to_error::Segment;

/// Reads a document with a list of `features`.
pub(super) fn parse<T: DeserializeOwned>(file: &str, bytes: &[u8]) -> Result<T, String> {
    let reader = &mut serde_json::Deserializer::from_slice(bytes);
    let document = serde_path_to_error::deserialize(&mut *reader)
        .map_err(|error| format!("`{file}` cannot be read: {}", place(bytes, &error)))?;
    reader.end().map_err(|error| format!("`{file}` cannot be read: {error}"))?;
    Ok(document)
}

/// Where an error is, by the name of the feature, and what it is.
fn place(bytes: &[u8], error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    let mut path = error.path().iter();
    let mut feature = String::new();
    let names: Vec<String> = match error.path().iter().collect::<Vec<_>>()[..] {
        [Segment::Map { key }, Segment::Seq { index }, ..] if key == "features" => {
            let document: Value = serde_json::from_slice(bytes).unwrap_or_default();
            let name = document["features"][*index]["name"].as_str().map(|name| format!("`{name}`"));
            feature = format!("feature {}: ", name.unwrap_or_else(|| (index + 1).to_string()));
            path.nth(1);
            path.map(Segment::to_string).collect()
        }
        _ => path.map(Segment::to_string).collect(),
    };
    let member = names.join(".").replace(".[", "[");
    let member = if member.is_empty() || member == "?" { String::new() } else { format!("`{member}`: ") };
    format!("{feature}{member}{}", error.inner())
}

/// A number of rows, which some writers put down as a floating number.
pub(super) fn count<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Number {
        Whole(u64),
        Floating(f64),
    }
    match Number::deserialize(from) {
        Ok(Number::Whole(rows)) if rows <= sketch::MOST_ROWS => Ok(rows),
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a whole number from 0 to 2^53"
        )]
        Ok(Number::Floating(rows))
            if rows.fract() == 0.0 && (0.0..=sketch::MOST_ROWS as f64).contains(&rows) =>
        {
            Ok(rows as u64)
        }
        _ => Err(D::Error::custom("expected a number of rows")),
    }
}
