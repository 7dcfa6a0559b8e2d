//! What is asked again when a store does not answer as it should, how often, and how long.
//!
//! `object_store` itself repeats a request that is answered by 5xx (so also by 503 `SlowDown`), 429 or 408, one that
//! could not connect, and one without effect, as a read, whose connection broke or that took longer than its time; it
//! waits 100 ms at first, then up to twice as long as the last time at random, 15 s at most, gives up after 10 times or
//! [`TIMEOUT`], and says so with "Error performing". Of a body that breaks off it asks for the rest, if the answer had an
//! entity tag.
//!
//! It does not repeat what arrived whole and is not what was asked for (a body that ends early without saying so, an
//! answer without the headers it needs), nor a listing whose body breaks off, nor, when their answer does not come, requests
//! with an effect: a put on a condition, and on S3 a deletion. That is what [`again`] is for.

use backon::{ExponentialBuilder, Retryable as _};
use object_store::client::{HttpError, HttpErrorKind};
use object_store::{ClientConfigKey, Error, RetryConfig};
use std::error::Error as _;
use std::time::Duration;
use tokio::time::Instant;

/// No request is repeated after this time.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(180);
/// An answer has to be there, with its body, after this time; a read then goes on with the rest.
const REQUEST: &str = "60 seconds";
/// A connection has to be there after this time.
const CONNECT: &str = "5 seconds";

/// The shortest wait before we repeat a request ourselves.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// How `object_store` repeats requests.
pub(crate) fn config() -> RetryConfig {
    RetryConfig { retry_timeout: TIMEOUT, ..RetryConfig::default() }
}

/// Limits of time that a cloud's environment does not set, as `AWS_TIMEOUT` does.
pub(crate) fn limits(prefix: &str) -> impl Iterator<Item = (ClientConfigKey, &'static str)> {
    let limits = [(ClientConfigKey::Timeout, REQUEST), (ClientConfigKey::ConnectTimeout, CONNECT)];
    let is_set = move |key: &ClientConfigKey| {
        std::env::var_os(format!("{prefix}_{}", key.as_ref().to_ascii_uppercase())).is_some()
    };
    limits.into_iter().filter(move |(key, _)| !is_set(key))
}

/// Repeats what failed for a reason that `passes` by itself, 100 ms to 200 ms later, then twice as long each time, six times
/// and for [`TIMEOUT`] at most; what `object_store` has repeated already is not one of these reasons.
pub(crate) async fn again<T, E, A: Future<Output = Result<T, E>>>(
    attempt: impl FnMut() -> A,
    passes: impl Fn(&E) -> bool,
) -> Result<T, E> {
    let started = Instant::now();
    let waits = ExponentialBuilder::new().with_min_delay(FIRST_WAIT).with_max_times(6).with_jitter();
    attempt.retry(waits).when(|error| passes(error) && started.elapsed() < TIMEOUT).await
}

/// Whether an answer was unusable, so that another may be better.
pub(crate) fn is_unusable(error: &Error) -> bool {
    matches!(error, Error::Generic { .. }) && !error.to_string().contains("Error performing ")
}

/// Whether a request may have been carried out, or not: its answer did not come.
pub(crate) fn is_unanswered(error: &Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<HttpError>() {
            return matches!(error.kind(), HttpErrorKind::Timeout | HttpErrorKind::Interrupted);
        }
        cause = error.source();
    }
    false
}
