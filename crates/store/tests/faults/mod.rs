//! A proxy in front of an object store that answers some requests as a network or a service on a bad day would.
//!
//! `#[path = ".../store/tests/faults/mod.rs"] mod faults;` brings it into another test target, which needs `bytes`,
//! `futures`, `http-body-util`, `hyper`, `hyper-util` and `tokio` (with `net` and `time`) as its dependencies.

mod fault;
mod proxy;

pub(crate) use fault::Fault;
pub(crate) use proxy::{Proxy, Rule};
