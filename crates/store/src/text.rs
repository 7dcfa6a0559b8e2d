//! Text files, whole or in pieces that end with a line.

use crate::Error;
use crate::backend::Backend;
use crate::listing::Object;
use bytes::{Bytes, BytesMut};
use flate2::read::MultiGzDecoder;
use std::io::{self, Read as _};
use std::ops::Range;

/// What some programs put before the first line.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// Bytes of a piece of a file of lines.
pub(crate) const PIECE: u64 = 16 << 20;
/// Bytes that are looked at to learn what a file is like.
const SAMPLE: u64 = 16 << 10;
/// Bytes that a compressed file may unfold to.
const MOST: u64 = 4 << 30;

/// All of a file, which must be the one that was listed.
pub(crate) async fn whole(backend: &Backend, object: &Object) -> Result<Bytes, Error> {
    Ok(without_mark(read(backend, object, 0..object.bytes).await?))
}

/// The lines that begin in a part of a file.
pub(crate) async fn lines(backend: &Backend, object: &Object, part: Range<u64>) -> Result<Bytes, Error> {
    // The byte before tells whether a line begins here.
    let start = part.start.saturating_sub(1);
    let mut content = read(backend, object, start..part.end).await?;
    let begin = if part.start == 0 {
        0
    } else {
        match memchr::memchr(b'\n', &content) {
            Some(at) if (at as u64) < part.end - start - 1 => at + 1,
            _ => return Ok(Bytes::new()),
        }
    };
    let mut end = part.end;
    let mut more = SAMPLE;
    let mut from = content.len().saturating_sub(1);
    loop {
        if let Some(at) = memchr::memchr(b'\n', &content[from..]) {
            content.truncate(from + at + 1);
            break;
        }
        if end >= object.bytes {
            break;
        }
        let next = end.saturating_add(more).min(object.bytes);
        from = content.len();
        let mut longer = BytesMut::from(content);
        longer.extend_from_slice(&read(backend, object, end..next).await?);
        content = longer.freeze();
        (end, more) = (next, more.saturating_mul(2));
    }
    Ok(without_mark(content.slice(begin..)))
}

/// Whole lines at the start of a file: some, or all that there are.
pub(crate) async fn first_lines(backend: &Backend, object: &Object, gzip: bool) -> Result<Bytes, Error> {
    let mut length = SAMPLE;
    loop {
        let end = length.min(object.bytes);
        let mut content = read(backend, object, 0..end).await?;
        if gzip {
            content = unfold_start(&content).into();
        }
        let is_all = end == object.bytes;
        let last = memchr::memrchr(b'\n', &content);
        match last {
            _ if is_all => return Ok(without_mark(content)),
            Some(at) => return Ok(without_mark(content.slice(..=at))),
            None => length = length.saturating_mul(4),
        }
    }
}

/// What a compressed file holds.
pub(crate) fn unfold(content: &[u8]) -> Result<Bytes, String> {
    let mut text = Vec::new();
    let refuse = |error: io::Error| format!("expected gzip, found a file that cannot be unfolded: {error}");
    let read = MultiGzDecoder::new(content).take(MOST).read_to_end(&mut text).map_err(refuse)?;
    if read as u64 >= MOST {
        return Err("expected at most 4 GiB when unfolded, found more".to_owned());
    }
    Ok(without_mark(text.into()))
}

/// As much as the start of a compressed file tells.
fn unfold_start(content: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    // It ends in the middle.
    let _ = MultiGzDecoder::new(content).take(SAMPLE).read_to_end(&mut text);
    text
}

fn without_mark(content: Bytes) -> Bytes {
    if content.starts_with(BYTE_ORDER_MARK) { content.slice(BYTE_ORDER_MARK.len()..) } else { content }
}

async fn read(backend: &Backend, object: &Object, range: Range<u64>) -> Result<Bytes, Error> {
    let mut parts = Vec::new();
    let mut start = range.start;
    while start < range.end {
        let end = range.end.min(start.saturating_add(backend.largest_read()));
        parts.push(start..end);
        start = end;
    }
    let mut parts = backend.ranges(object, parts).await?;
    Ok(match parts.len() {
        1 => parts.swap_remove(0),
        _ => parts.concat().into(),
    })
}
