//! The line around a request and its answer, and the text that each side holds.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use sonic_rs::{JsonContainerTrait as _, JsonValueTrait as _, Value};
use std::borrow::Cow;
use std::collections::HashSet;

/// What a line of a capture, or of ground truth, has of what is looked for.
///
/// Read straight from the text where the line is as it should be; what this refuses is looked at as a document, which
/// takes twice as long and says what is wrong with it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Line<'a> {
    #[serde(borrow, rename = "captureData")]
    pub(super) captured: Option<Captured<'a>>,
    #[serde(borrow, rename = "groundTruthData")]
    pub(super) truth: Option<Content<'a>>,
    #[serde(borrow)]
    pub(super) event_metadata: Metadata<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Captured<'a> {
    #[serde(borrow)]
    pub(super) batch_transform_output: Option<Content<'a>>,
    #[serde(borrow)]
    pub(super) endpoint_input: Option<Content<'a>>,
    #[serde(borrow)]
    pub(super) endpoint_output: Option<Content<'a>>,
}

/// One side.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Content<'a> {
    #[serde(borrow)]
    data: Cow<'a, str>,
    #[serde(borrow, default)]
    encoding: Option<Text<'a>>,
    #[serde(borrow, default)]
    observed_content_type: Option<Text<'a>>,
}

/// Who asked, and when.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Metadata<'a> {
    #[serde(borrow)]
    event_id: Option<Text<'a>>,
    #[serde(borrow)]
    inference_id: Option<Text<'a>>,
    #[serde(borrow)]
    inference_time: Option<Text<'a>>,
}

/// Borrows where nothing in it is escaped.
#[derive(Debug, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Line<'a> {
    /// What a document has of it.
    pub(super) fn of(value: &'a Value) -> Result<Self, String> {
        let metadata = member(value, "eventMetadata");
        let of_event = |name| Some(Text(text(metadata?, name)?.into()));
        Ok(Self {
            captured: member(value, "captureData").map(Captured::of).transpose()?,
            truth: member(value, "groundTruthData").map(Content::of).transpose()?,
            event_metadata: Metadata {
                event_id: of_event("eventId"),
                inference_id: of_event("inferenceId"),
                inference_time: of_event("inferenceTime"),
            },
        })
    }
}

impl<'a> Captured<'a> {
    fn of(value: &'a Value) -> Result<Self, String> {
        let side = |name| member(value, name).map(Content::of).transpose();
        Ok(Self {
            batch_transform_output: side("batchTransformOutput")?,
            endpoint_input: side("endpointInput")?,
            endpoint_output: side("endpointOutput")?,
        })
    }
}

impl Line<'_> {
    /// Whether it has any of it.
    pub(super) fn is_some(&self) -> bool {
        self.captured.is_some() || self.truth.is_some()
    }
}

impl Metadata<'_> {
    pub(super) fn id(&self) -> Option<&str> {
        self.inference_id.as_ref().or(self.event_id.as_ref()).map(|id| &*id.0)
    }

    pub(super) fn time(&self) -> Option<&str> {
        self.inference_time.as_ref().map(|time| &*time.0)
    }
}

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

impl<'a> Content<'a> {
    fn of(side: &'a Value) -> Result<Self, String> {
        let member = |name| text(side, name).map(|text| Text(text.into()));
        Ok(Self {
            data: text(side, "data").ok_or("no text in `data`")?.into(),
            encoding: member("encoding"),
            observed_content_type: member("observedContentType"),
        })
    }

    /// Its text, and what that is written in.
    pub(super) fn text(&self) -> Result<(Cow<'_, str>, Writing), String> {
        let data = &*self.data;
        let encoding = self.encoding.as_ref().map_or("", |encoding| &encoding.0);
        let content_type = self.observed_content_type.as_ref().map(|content_type| &*content_type.0);
        if encoding.eq_ignore_ascii_case("CSV") {
            Ok((Cow::Borrowed(data), Writing::Csv))
        } else if encoding.eq_ignore_ascii_case("JSON") {
            Ok((Cow::Borrowed(data), Writing::Json))
        } else if encoding.eq_ignore_ascii_case("BASE64") {
            let bytes = STANDARD.decode(data.trim_end()).map_err(|_| "`data` that is not base64")?;
            let decoded = String::from_utf8(bytes).map_err(|_| "`data` that is not text")?;
            let writing = by_type(content_type, &decoded)?;
            Ok((Cow::Owned(decoded), writing))
        } else if encoding.is_empty() {
            Ok((Cow::Borrowed(data), by_type(content_type, data)?))
        } else {
            Err(format!("unknown encoding `{}`", encoding.chars().take(20).collect::<String>()))
        }
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
