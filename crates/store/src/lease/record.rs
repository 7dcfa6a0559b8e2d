//! What a lease says about its holder.

use crate::Error;
use jiff::{SignedDuration, Timestamp};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};
use serde::{Deserialize, Serialize};
use std::fs;
use std::time::SystemTime;

/// How long an object is good for after it was written.
const DURATION: SignedDuration = SignedDuration::from_secs(30);

/// The content of a lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) owner: String,
    pub(crate) host: String,
    pub(crate) pid: u32,
    /// Where `pid` means something: one start of a machine and one space of processes in it, as a container has.
    pub(crate) machine: Option<String>,
    /// When an object is over, unless it is renewed.
    pub(crate) expires: Timestamp,
    /// Tells one taker from all others.
    pub(crate) token: String,
}

impl Record {
    /// A record of this process.
    pub(crate) fn new(owner: &str) -> Self {
        Self {
            owner: owner.to_owned(),
            host: gethostname::gethostname().to_string_lossy().into_owned(),
            pid: std::process::id(),
            machine: machine(),
            expires: now(),
            token: format!("{:032x}", rand::random::<u128>()),
        }
    }

    /// The same, good from now on.
    pub(crate) fn renewed(&self) -> Self {
        Self { expires: now().saturating_add(DURATION).unwrap_or(Timestamp::MAX), ..self.clone() }
    }

    pub(crate) fn has_expired(&self) -> bool {
        self.expires <= now()
    }

    /// Whether its holder holds it no more.
    pub(crate) fn is_over(&self) -> bool {
        self.has_expired() || (self.machine.is_some() && self.machine == machine() && !exists(self.pid))
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        // Text and numbers always have a form in JSON.
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(crate) fn decode(content: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(content)
    }

    /// The error of those who come while this one holds the folder `path`.
    pub(crate) fn held(&self, path: &str, until: String) -> Error {
        let owner = format!("{} (process {} on {})", self.owner, self.pid, self.host);
        Error::Held { path: path.to_owned(), owner, until }
    }
}

#[expect(clippy::disallowed_methods, reason = "a lease ends at a time that other machines know too")]
fn now() -> Timestamp {
    Timestamp::try_from(SystemTime::now()).unwrap_or(Timestamp::MAX)
}

/// Only Linux has a name for it; elsewhere a lease has to expire.
fn machine() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let processes = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{} {}", boot.trim(), processes.display()))
}

fn exists(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_none_or(|pid| test_kill_process(pid) != Err(Errno::SRCH))
}
