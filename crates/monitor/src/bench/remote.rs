//! The same pass over an object store that answers late, in turn with the pass over local files.

use std::{sync::Arc, time::Duration};

use profile::Spec;
use store::{Location, PlanOptions};

use super::{
    BenchWatch, RemoteBench, Step,
    measure::{Sample, Spread, measure, rounds},
    pass::Profiling,
};
use crate::Error;

/// Where a pass finds its captures.
#[derive(Debug, Clone, Copy)]
enum Side {
    Local,
    Remote,
}

impl Profiling<'_> {
    /// Copies the captures to a store in memory whose every read waits for `latency`, and measures the profile here and
    /// there, round by round. Gives the samples from there and how they compare; nothing when it was told to stop.
    pub(super) fn remote(
        &self,
        spec: &Spec,
        captures: &Location,
        latency: Duration,
        runs: usize,
        watch: BenchWatch<'_>,
    ) -> Result<Option<(Vec<Sample>, RemoteBench)>, Error> {
        let distant = self.store.distant(latency);
        let copies = Location::parse("memory:///captures", "".as_ref())?;
        (watch.step)(Step { doing: "copying", done: 0, of: 1 });
        self.store.copy_sources(self.plan, captures, &distant, &copies)?;

        let written = distant.traffic().requests;
        let options =
            PlanOptions { timestamp: self.settings.roles.timestamp.clone(), ..PlanOptions::default() };
        let (plan, planning) = measure(|| distant.plan(&copies, &options, &|_| ()));
        let plan_requests = distant.traffic().requests - written;
        let there = Profiling { store: &distant, plan: &Arc::new(plan?), ..*self };

        let mut requests = 0;
        let samples = rounds(&[Side::Local, Side::Remote], runs, watch, |side| {
            let before = distant.traffic().requests;
            match side {
                Side::Local => self.run(spec, true)?,
                Side::Remote => there.run(spec, true)?,
            };
            requests = distant.traffic().requests - before;
            Ok(())
        })?;
        let Some([local, remote]) = samples.map(<[_; 2]>::try_from).and_then(Result::ok) else {
            return Ok(None);
        };
        let ratios = local.iter().zip(&remote).map(|(local, remote)| local.seconds / remote.seconds);
        let compared = RemoteBench {
            latency_seconds: latency.as_secs_f64(),
            ratio_local: Spread::of(ratios),
            in_flight_bytes: distant.traffic().bytes_in_flight,
            requests,
            plan_seconds: planning.seconds,
            plan_requests,
        };
        Ok(Some((remote, compared)))
    }
}
