//! A lease in an object store: an object that is made, renewed and taken over by conditional puts.

use super::record::Record;
use crate::Error;
use crate::error::http_status;
use crate::remote::Objects;
use crate::retry::{again, is_unanswered};
use object_store::{Error as Failure, PutMode, UpdateVersion};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// Time between two renewals, and the longest that one takes.
const EVERY: Duration = Duration::from_secs(10);
/// So often a taker tries that gets no answer, or loses to others who then go away.
const ATTEMPTS: usize = 5;

/// A leased object, renewed in the background.
#[derive(Debug)]
pub(crate) struct Holder {
    claim: Arc<Claim>,
    renewing: JoinHandle<()>,
    runtime: Arc<Runtime>,
}

impl Holder {
    /// Leases the object at `key`, which stands for the folder `shown`.
    pub(crate) fn take(
        runtime: &Arc<Runtime>,
        objects: Objects,
        key: &str,
        shown: &str,
        record: Record,
    ) -> Result<Self, Error> {
        let slot = Slot { objects, key: key.to_owned(), shown: shown.to_owned() };
        let claim = Arc::new(runtime.block_on(Claim::take(slot, record))?);
        let renewed = Arc::clone(&claim);
        let renewing = runtime.spawn(async move {
            while !renewed.is_lost() {
                sleep(EVERY).await;
                let _ = timeout(EVERY, renewed.renew()).await;
            }
        });
        Ok(Self { claim, renewing, runtime: Arc::clone(runtime) })
    }

    pub(crate) fn is_held(&self) -> bool {
        // After a long pause, as of a machine that slept, nobody has renewed it yet.
        let _ = self.runtime.block_on(async { timeout(EVERY, self.claim.renew_if_over()).await });
        !self.claim.is_lost()
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.renewing.abort();
        let _ = self.runtime.block_on(async { timeout(EVERY, self.claim.release()).await });
    }
}

/// Where a lease is kept.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) objects: Objects,
    pub(super) key: String,
    pub(super) shown: String,
}

impl Slot {
    async fn put(&self, record: &Record, mode: PutMode) -> Result<UpdateVersion, Failure> {
        self.objects.put(&self.key, record.encode(), mode).await
    }

    async fn read(&self) -> Result<Option<(Record, UpdateVersion)>, Error> {
        let Some((content, version)) = self.objects.read_version(&self.key, &self.shown).await? else {
            return Ok(None);
        };
        let record = Record::decode(&content).map_err(|error| {
            let reason =
                format!("expected a lease in the object `{}`, found something else: {error}", self.key);
            Error::corrupt(&self.shown, None, reason)
        })?;
        Ok(Some((record, version)))
    }

    fn held(&self, record: &Record) -> Error {
        record.held(&self.shown, record.expires.to_string())
    }

    /// Others come and go faster than this one can tell who holds it.
    fn contended(&self) -> Error {
        let (owner, until) = ("others that started at the same time".to_owned(), "they end".to_owned());
        Error::Held { path: self.shown.clone(), owner, until }
    }
}

/// What is known of a lease that was taken.
#[derive(Debug)]
pub(super) struct Claim {
    slot: Slot,
    lost: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    record: Record,
    /// What the next put expects to find; `None` where the store refuses conditions.
    version: Option<UpdateVersion>,
}

impl Claim {
    pub(super) async fn take(slot: Slot, record: Record) -> Result<Self, Error> {
        let mut mode = PutMode::Create;
        for _ in 0..ATTEMPTS {
            let record = record.renewed();
            let failure = match slot.put(&record, mode.clone()).await {
                Ok(version) => return Ok(Self::new(slot, record, Some(version))),
                Err(failure) if refuses_conditions(&failure) => {
                    overwrite(&slot, &record).await?;
                    return Ok(Self::new(slot, record, None));
                }
                Err(failure) => failure,
            };
            // An answer may be lost on its way, so what is there now tells who took it.
            let found = slot.read().await;
            if let Ok(Some((found, version))) = &found
                && found.token == record.token
            {
                return Ok(Self::new(slot, record, Some(version.clone())));
            }
            if !is_conflict(&failure) && !is_unanswered(&failure) {
                return Err(Error::object(&slot.shown, "write", failure));
            }
            mode = match found? {
                None => PutMode::Create,
                Some((found, version)) if found.is_over() => PutMode::Update(version),
                Some((found, _)) => return Err(slot.held(&found)),
            };
            pause(10).await;
        }
        Err(slot.contended())
    }

    fn new(slot: Slot, record: Record, version: Option<UpdateVersion>) -> Self {
        Self { slot, lost: AtomicBool::new(false), state: Mutex::new(State { record, version }) }
    }

    pub(super) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    /// Makes it good for longer; whether it is still ours, as far as the store can be reached.
    pub(super) async fn renew(&self) -> Result<bool, Error> {
        let mut state = self.state.lock().await;
        let record = state.record.renewed();
        if let Some(version) = state.version.clone() {
            match self.slot.put(&record, PutMode::Update(version)).await {
                Ok(version) => {
                    *state = State { record, version: Some(version) };
                    return Ok(true);
                }
                Err(failure) if is_conflict(&failure) => {}
                Err(failure) => return Err(Error::object(&self.slot.shown, "write", failure)),
            }
        }
        match self.slot.read().await? {
            // Without conditions, or after a renewal whose answer was lost.
            Some((found, version)) if found.token == record.token => {
                if state.version.is_some() {
                    *state = State { record: found, version: Some(version) };
                } else {
                    let put = self.slot.put(&record, PutMode::Overwrite).await;
                    put.map_err(|failure| Error::object(&self.slot.shown, "write", failure))?;
                    state.record = record;
                }
                Ok(true)
            }
            _ => {
                self.lost.store(true, Ordering::Relaxed);
                Ok(false)
            }
        }
    }

    async fn renew_if_over(&self) -> Result<(), Error> {
        if self.state.lock().await.record.has_expired() {
            self.renew().await?;
        }
        Ok(())
    }

    /// Deletes the object if it is ours, renewed first, so that nobody takes it over in between.
    pub(super) async fn release(&self) -> Result<(), Error> {
        let release = async || {
            if self.is_lost() || !self.renew().await? {
                return Ok(());
            }
            self.slot.objects.delete(&self.slot.key, &self.slot.shown).await
        };
        again(release, |_| true).await
    }
}

/// Takes it where the store refuses conditions: of those that write at the same time, the last finds itself there.
async fn overwrite(slot: &Slot, record: &Record) -> Result<(), Error> {
    if let Some((found, _)) = slot.read().await?
        && found.token != record.token
        && !found.is_over()
    {
        return Err(slot.held(&found));
    }
    let put = slot.put(record, PutMode::Overwrite).await;
    put.map_err(|failure| Error::object(&slot.shown, "write", failure))?;
    pause(1_000).await;
    match slot.read().await? {
        Some((found, _)) if found.token == record.token => Ok(()),
        Some((found, _)) => Err(slot.held(&found)),
        None => Err(slot.contended()),
    }
}

/// Waits for a random time of `milliseconds` to twice that.
async fn pause(milliseconds: u64) {
    sleep(Duration::from_millis(rand::random_range(milliseconds..2 * milliseconds))).await;
}

/// Whether somebody else was there first; a few stores say 409 instead of 412.
fn is_conflict(failure: &Failure) -> bool {
    matches!(failure, Failure::AlreadyExists { .. } | Failure::Precondition { .. })
}

fn refuses_conditions(failure: &Failure) -> bool {
    matches!(failure, Failure::NotImplemented { .. } | Failure::NotSupported { .. })
        || http_status(&failure.to_string()) == Some("501")
}
