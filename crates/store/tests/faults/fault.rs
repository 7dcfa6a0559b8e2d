//! The faults, when each can happen, and what it makes of an answer.

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use hyper::header::{CONTENT_LENGTH, ETAG, HeaderValue, RANGE};
use hyper::{Method, Request, Response, StatusCode};
use std::io;

pub(crate) type Body = BoxBody<Bytes, io::Error>;

/// One way in which an answer is not what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Fault {
    /// 500, and nothing is done.
    InternalError,
    /// 503 as of a service that wants fewer requests, and nothing is done.
    SlowDown,
    /// 403, and nothing is done; not among [`Fault::USUAL`], as nobody would ask again.
    Denied,
    /// No answer, for longer than anybody waits, and nothing is done.
    Hang,
    /// The request is carried out, and the connection closed without an answer.
    Lost,
    /// The connection is closed in the middle of the body.
    Cut,
    /// Half of the body, as if it were all.
    Short,
    /// The entity tag of another object.
    WrongTag,
    /// The first answer to the same listing.
    StaleListing,
}

impl Fault {
    /// Those that happen without being asked for.
    pub(crate) const USUAL: &[Self] = &[
        Self::InternalError,
        Self::SlowDown,
        Self::Hang,
        Self::Lost,
        Self::Cut,
        Self::Short,
        Self::WrongTag,
        Self::StaleListing,
    ];

    /// Whether it can happen to a request.
    pub(crate) fn fits<B>(self, request: &Request<B>) -> bool {
        match self {
            Self::InternalError | Self::SlowDown | Self::Denied | Self::Hang | Self::Lost => true,
            Self::Cut | Self::Short => request.method() == Method::GET,
            Self::WrongTag => request.method() == Method::GET && !is_listing(request),
            Self::StaleListing => is_listing(request),
        }
    }

    /// The answer of one that does nothing else.
    pub(crate) fn refusal(self) -> Option<Response<Body>> {
        let (status, code) = match self {
            Self::InternalError => (StatusCode::INTERNAL_SERVER_ERROR, "InternalError"),
            Self::SlowDown => (StatusCode::SERVICE_UNAVAILABLE, "SlowDown"),
            Self::Denied => (StatusCode::FORBIDDEN, "AccessDenied"),
            _ => return None,
        };
        let text = format!("<Error><Code>{code}</Code><Message>by the test</Message></Error>");
        Some(Response::builder().status(status).body(whole(text.into())).unwrap())
    }

    /// What arrives in place of an answer; nothing when the connection is closed first.
    pub(crate) fn spoil<B>(self, request: &Request<B>, answer: Response<Bytes>) -> Option<Response<Body>> {
        let (mut head, body) = answer.into_parts();
        let half = body.slice(..body.len() / 2);
        let body = match self {
            Self::Lost => return None,
            Self::Cut => {
                let broken = io::Error::from(io::ErrorKind::ConnectionReset);
                stream(vec![Ok(Frame::data(half)), Err(broken)])
            }
            Self::Short => {
                head.headers.remove(CONTENT_LENGTH);
                // Of a whole object, a length that is wrong is all that there would be to see.
                let says_so = is_listing(request) || request.headers().contains_key(RANGE);
                if says_so { whole(half) } else { stream(vec![Ok(Frame::data(half))]) }
            }
            Self::WrongTag => {
                head.headers.insert(ETAG, HeaderValue::from_static("\"of another object\""));
                whole(body)
            }
            _ => whole(body),
        };
        Some(Response::from_parts(head, body))
    }
}

pub(crate) fn is_listing<B>(request: &Request<B>) -> bool {
    request.method() == Method::GET && request.uri().query().is_some_and(|query| query.contains("list-type="))
}

pub(crate) fn whole(content: Bytes) -> Body {
    Full::new(content).map_err(|never| match never {}).boxed()
}

fn stream(frames: Vec<io::Result<Frame<Bytes>>>) -> Body {
    BodyExt::boxed(StreamBody::new(futures::stream::iter(frames)))
}
