//! The server: each request is carried out, or meets a fault that a seed chose for it.

use super::fault::{Body, Fault, is_listing, whole};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, RANGE, TRANSFER_ENCODING};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

/// Longer than any client waits.
const HANG: Duration = Duration::from_secs(120);

/// Which requests meet which faults.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    /// The share of requests that meet one, 0 to 1.
    pub(crate) rate: f64,
    /// The same seed gives the n-th request of a kind the same fault, in whatever order they come.
    pub(crate) seed: u64,
    pub(crate) faults: &'static [Fault],
    /// Only requests whose method, path and query contain this.
    pub(crate) only: &'static str,
}

/// A proxy on 127.0.0.1 that ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Proxy {
    /// Where it listens, as `host:port`.
    pub(crate) address: String,
    state: Arc<State>,
    runtime: Option<Runtime>,
}

#[derive(Debug)]
struct State {
    upstream: String,
    rule: Mutex<Rule>,
    /// How often each request was seen.
    seen: Mutex<HashMap<String, u64>>,
    counts: Mutex<HashMap<Fault, u64>>,
    listings: Mutex<HashMap<String, Response<Bytes>>>,
}

impl Proxy {
    /// Stands before the server at `upstream` (`host:port`) and lets `rate` of the requests meet one of the usual faults.
    pub(crate) fn start(upstream: &str, rate: f64, seed: u64) -> Self {
        Self::with(upstream, Rule { rate, seed, faults: Fault::USUAL, only: "" })
    }

    /// The same with faults of one's own choice.
    pub(crate) fn with(upstream: &str, rule: Rule) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state = Arc::new(State {
            upstream: upstream.to_owned(),
            rule: Mutex::new(rule),
            seen: Mutex::default(),
            counts: Mutex::default(),
            listings: Mutex::default(),
        });
        runtime.spawn(serve(listener, Arc::clone(&state)));
        Self { address, state, runtime: Some(runtime) }
    }

    /// From now on another rule holds, and requests are counted anew.
    pub(crate) fn obey(&self, rule: Rule) {
        *self.state.rule.lock().unwrap() = rule;
        self.state.seen.lock().unwrap().clear();
    }

    /// How many requests met each fault so far.
    pub(crate) fn counts(&self) -> HashMap<Fault, u64> {
        self.state.counts.lock().unwrap().clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // Requests that hang are not waited for.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    while let Ok((stream, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        let service = service_fn(move |request| {
            let state = Arc::clone(&state);
            async move { state.answer(request).await }
        });
        let connection =
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        // Connections that break are what this is for.
        tokio::spawn(async move { drop(connection.await) });
    }
}

impl State {
    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Body>, io::Error> {
        let (head, body) = request.into_parts();
        let request = Request::from_parts(head, body.collect().await.map_err(io::Error::other)?.to_bytes());
        let fault = self.fault(&request);
        if let Some(fault) = fault {
            *self.counts.lock().unwrap().entry(fault).or_default() += 1;
            if let Some(refusal) = fault.refusal() {
                return Ok(refusal);
            }
            if fault == Fault::Hang {
                tokio::time::sleep(HANG).await;
                return Err(io::Error::other("nobody waits that long"));
            }
        }
        let answer = self.carry_out(request.clone(), fault == Some(Fault::StaleListing)).await?;
        match fault {
            Some(fault) => {
                fault.spoil(&request, answer).ok_or_else(|| io::Error::other("the answer is lost"))
            }
            None => Ok(answer.map(whole)),
        }
    }

    /// The fault that a request meets: a hash of what it asks for and of how often it was asked.
    fn fault(&self, request: &Request<Bytes>) -> Option<Fault> {
        let rule = self.rule.lock().unwrap().clone();
        let (method, uri) = (request.method(), request.uri());
        let asked = format!("{method} {uri} {:?}", request.headers().get(RANGE));
        if !asked.contains(rule.only) {
            return None;
        }
        let mut seen = self.seen.lock().unwrap();
        let times = seen.entry(asked.clone()).or_default();
        *times += 1;
        let draw = |purpose: &str| {
            let mut hasher = DefaultHasher::new();
            (rule.seed, purpose, &asked, *times).hash(&mut hasher);
            hasher.finish()
        };
        let fits: Vec<_> = rule.faults.iter().filter(|fault| fault.fits(request)).collect();
        if fits.is_empty() || draw("whether") as f64 >= rule.rate * u64::MAX as f64 {
            return None;
        }
        Some(*fits[(draw("which") % fits.len() as u64) as usize])
    }

    async fn carry_out(&self, request: Request<Bytes>, stale: bool) -> Result<Response<Bytes>, io::Error> {
        let listing = is_listing(&request).then(|| request.uri().to_string());
        if let Some(listing) = &listing
            && stale
            && let Some(first) = self.listings.lock().unwrap().get(listing)
        {
            return Ok(first.clone());
        }
        let stream = TokioIo::new(TcpStream::connect(&self.upstream).await?);
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(stream).await.map_err(io::Error::other)?;
        tokio::spawn(async move { drop(connection.await) });
        let answer = sender.send_request(request.map(Full::new)).await.map_err(io::Error::other)?;
        let (head, body) = answer.into_parts();
        let mut answer =
            Response::from_parts(head, body.collect().await.map_err(io::Error::other)?.to_bytes());
        for of_the_connection in [CONNECTION, TRANSFER_ENCODING] {
            answer.headers_mut().remove(of_the_connection);
        }
        if let Some(listing) = listing {
            self.listings.lock().unwrap().entry(listing).or_insert_with(|| answer.clone());
        }
        Ok(answer)
    }
}
