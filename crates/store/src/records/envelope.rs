//! The line around a request and its answer, and the text that each side holds.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sonic_rs::{JsonContainerTrait as _, JsonValueTrait as _, Value};
use std::borrow::Cow;
use std::collections::HashSet;

/// Members of an object that are compared pair by pair.
const FEW: usize = 8;

/// What a side is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writing {
    Csv,
    Json,
}

/// A member that is there and not null.
pub(super) fn member<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    object.get(name).filter(|value| !value.is_null())
}

/// A text among the members.
pub(super) fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    member(object, name)?.as_str()
}

/// Refuses an object that has a member twice, at any level: which of them was meant cannot be known.
pub(super) fn once(value: &Value) -> Result<(), String> {
    let Some(object) = value.as_object() else { return Ok(()) };
    // Lines of captures have a handful: looking at each pair is quicker than hashing.
    let few = object.len() <= FEW;
    let mut seen = HashSet::new();
    for (at, (key, value)) in object.iter().enumerate() {
        let twice =
            if few { object.iter().take(at).any(|(before, _)| before == key) } else { !seen.insert(key) };
        if twice {
            return Err(format!("two members `{key}`"));
        }
        once(value)?;
    }
    Ok(())
}

/// The text of a side, and what it is written in.
pub(super) fn content<'a>(side: &'a Value) -> Result<(Cow<'a, str>, Writing), String> {
    let data = text(side, "data").ok_or("no text in `data`")?;
    let encoding = text(side, "encoding").unwrap_or_default();
    match encoding.to_ascii_uppercase().as_str() {
        "CSV" => Ok((Cow::Borrowed(data), Writing::Csv)),
        "JSON" => Ok((Cow::Borrowed(data), Writing::Json)),
        "BASE64" => {
            let bytes = STANDARD.decode(data.trim_end()).map_err(|_| "`data` that is not base64")?;
            let decoded = String::from_utf8(bytes).map_err(|_| "`data` that is not text")?;
            let writing = by_type(text(side, "observedContentType"), &decoded)?;
            Ok((Cow::Owned(decoded), writing))
        }
        "" => Ok((Cow::Borrowed(data), by_type(text(side, "observedContentType"), data)?)),
        _ => Err(format!("unknown encoding `{}`", encoding.chars().take(20).collect::<String>())),
    }
}

/// By the content type, and where that says nothing by how the text begins.
fn by_type(content_type: Option<&str>, text: &str) -> Result<Writing, String> {
    let content_type = content_type.unwrap_or_default().split(';').next().unwrap_or_default();
    let content_type = content_type.trim().to_ascii_lowercase();
    if content_type == "text/csv" {
        return Ok(Writing::Csv);
    }
    if content_type.contains("json") {
        return Ok(Writing::Json);
    }
    match text.trim_start().as_bytes().first() {
        Some(b'{' | b'[') => Ok(Writing::Json),
        Some(b'<') => Err("`data` that is neither CSV nor JSON".to_owned()),
        _ => Ok(Writing::Csv),
    }
}
