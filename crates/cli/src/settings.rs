//! Flags and file together: what a run is told, and where its data is.

use std::{env, path::Path};

use anyhow::{Context as _, anyhow};
use monitor::{Compare, Every, Location, Store, TimeZone};

use crate::{
    args::{self, BadFiles, Common, Range, Resources, RoleFlags},
    config::{self, Config},
    nearest, print,
};

/// Flags of a run, each empty where it was not given.
#[derive(Debug)]
pub(crate) struct Flags<'a> {
    pub(crate) roles: &'a RoleFlags,
    pub(crate) window: Option<&'a str>,
    pub(crate) compare: Option<&'a str>,
    pub(crate) range: &'a Range,
    pub(crate) segments: &'a args::Segments,
    pub(crate) ground_truth: &'a args::GroundTruthFlags,
    pub(crate) compat: Option<args::Compat>,
    pub(crate) emit: Option<args::Emit>,
    pub(crate) bad_files: BadFiles,
    pub(crate) resources: Resources,
}

/// Settings of a run; flags win over the file.
pub(crate) fn settings(flags: &Flags<'_>, config: &Config) -> anyhow::Result<monitor::Settings> {
    let zone = flags.range.timezone.as_deref().or(config.windows.timezone.as_deref()).unwrap_or("UTC");
    let timezone = timezone(zone)?;
    let bound = |flag: &str, text: &Option<String>| bound(flag, text.as_deref(), &timezone);
    let (from, to) = (bound("--from", &flags.range.from)?, bound("--to", &flags.range.to)?);
    if let (Some(start), Some(end)) = (from, to)
        && start >= end
    {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let (from, to) = (text(&flags.range.from), text(&flags.range.to));
        return Err(anyhow!("--to: expected a time after --from `{from}`, found `{to}`"));
    }
    let every: Every = match flags.window.or(config.windows.every.as_deref()) {
        Some(text) => text.parse()?,
        None => Every::Day,
    };
    let compare = compare(flags.compare, config)?;
    let as_of = bound("--as-of", &flags.ground_truth.as_of)?;
    Ok(monitor::Settings {
        monitor: config.monitor.name.clone().unwrap_or_else(|| "default".to_owned()),
        roles: roles(flags.roles, config),
        records: records(&config.records),
        windows: monitor::Windows { every, timezone, compare, from, to },
        segment_by: either(&flags.segments.segment_by, &config.segments.by),
        metrics: known_metrics(&config.drift.metrics)?,
        bins: bins(config.drift.bins)?,
        quality: quality(config)?,
        ground_truth: ground_truth(flags.ground_truth, config)?,
        as_of,
        bias: bias(config)?,
        attribution: config.attribution.clone(),
        latency: latency(&config.latency)?,
        compat: compat(flags.compat, config),
        emit: flags.emit.map(emit),
        on_bad_file: match flags.bad_files.on_bad_file {
            args::OnBadFile::Quarantine => monitor::OnBadFile::Quarantine,
            args::OnBadFile::Fail => monitor::OnBadFile::Fail,
        },
        threads: flags.resources.threads.map_or(0, usize::from),
        memory_bytes: flags.resources.memory,
    })
}

/// What a rescore is told beside the settings that results were made with.
pub(crate) fn rescored(
    settings: &mut monitor::Settings,
    args: &args::Rescore,
    config: &Config,
) -> anyhow::Result<()> {
    if let Some(text) = &args.window {
        settings.windows.every = text.parse()?;
    }
    settings.windows.compare = compare(args.compare.as_deref(), config)?;
    let zone = settings.windows.timezone.clone();
    let bound = |flag: &str, text: &Option<String>| bound(flag, text.as_deref(), &zone);
    (settings.windows.from, settings.windows.to) = (bound("--from", &args.from)?, bound("--to", &args.to)?);
    settings.metrics = known_metrics(&config.drift.metrics)?;
    settings.bins = bins(config.drift.bins)?;
    settings.latency = latency(&config.latency)?;
    settings.compat = compat(args.compat, config);
    settings.emit = args.emit.map(emit);
    settings.threads = args.resources.threads.map_or(0, usize::from);
    settings.memory_bytes = args.resources.memory;
    Ok(())
}

/// A remark on sections that decide how predictions and labels are counted, and are others than those they were counted under.
pub(crate) fn not_counted(stored: &monitor::Settings, config: &Config) -> anyhow::Result<Option<String>> {
    let (quality, bias, attribution) = (quality(config)?, bias(config)?, &config.attribution);
    let differs = [
        ("[quality]", quality != monitor::Quality::default() && quality != stored.quality),
        ("[[bias]]", !bias.is_empty() && bias != stored.bias),
        (
            "[attribution]",
            *attribution != monitor::Attribution::default() && *attribution != stored.attribution,
        ),
    ];
    let names: Vec<&str> =
        differs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect();
    Ok((!names.is_empty()).then(|| {
        format!(
            "{} changed since predictions and labels were counted, and is left as it was: it takes `driftscan baseline` and \
             `driftscan backfill`",
            names.join(", ")
        )
    }))
}

fn quality(config: &Config) -> anyhow::Result<monitor::Quality> {
    let quality = config.quality.clone();
    if quality.threshold.is_some_and(|threshold| !threshold.is_finite()) {
        anyhow::bail!("quality.threshold: expected a number, found {:?}", quality.threshold);
    }
    let is_number = matches!(quality.problem, Some(monitor::Problem::Regression | monitor::Problem::Ranking));
    let is_probability = config.roles.probability.is_some() && !is_number;
    if let Some(threshold) = quality.threshold.filter(|value| is_probability && !(0.0..=1.0).contains(value))
    {
        anyhow::bail!("quality.threshold: expected a probability, 0 to 1, found {threshold}");
    }
    Ok(quality)
}

/// Labels that lie elsewhere; the flag wins over the file.
fn ground_truth(
    flags: &args::GroundTruthFlags,
    config: &Config,
) -> anyhow::Result<Option<monitor::GroundTruth>> {
    let file = &config.ground_truth;
    let captures = match (&flags.ground_truth, &file.captures) {
        (Some(text), _) => named(text)?,
        (None, Some(text)) => named(&from_folder(&config.folder, text)).context("`ground_truth.captures`")?,
        (None, None) => return Ok(None),
    };
    let (id, label, arrived) = (file.id.clone(), file.label.clone(), file.arrived.clone());
    Ok(Some(monitor::GroundTruth { captures, id, label, arrived }))
}

fn bias(config: &Config) -> anyhow::Result<Vec<monitor::Bias>> {
    let of = |bias: &config::Bias| {
        anyhow::ensure!(
            !bias.facet.is_empty(),
            "[[bias]]: expected `facet`, the column that says who is who"
        );
        Ok(monitor::Bias {
            facet: bias.facet.clone(),
            disadvantaged: bias.disadvantaged.iter().map(config::Value::text).collect(),
            above: bias.above,
            group: bias.group.clone(),
            flip_test: bias.flip_test.clone(),
        })
    };
    config.bias.iter().map(of).collect()
}

fn compat(flag: Option<args::Compat>, config: &Config) -> Option<monitor::Compat> {
    let flag = flag.map(|args::Compat::Sagemaker| monitor::Compat::Sagemaker);
    flag.or(config.monitor.compat)
}

fn emit(tool: args::Emit) -> monitor::Emit {
    match tool {
        args::Emit::Sagemaker => monitor::Emit::Sagemaker,
    }
}

fn compare(flag: Option<&str>, config: &Config) -> anyhow::Result<Compare> {
    let text = flag.or(config.windows.compare.as_deref());
    Ok(text.map(str::parse).transpose()?.unwrap_or_default())
}

fn bound(flag: &str, text: Option<&str>, zone: &TimeZone) -> anyhow::Result<Option<i64>> {
    let Some(text) = text else { return Ok(None) };
    monitor::Windows::parse_bound(text, zone).map(Some).map_err(|_| {
        anyhow!("{flag}: expected a date (2026-03-01) or a time (2026-03-01T06:00:00Z), found `{text}`")
    })
}

/// Roles and windows on one line, for `--verbose`.
pub(crate) fn shown(settings: &monitor::Settings) -> String {
    let roles = &settings.roles;
    let named = [
        ("timestamp", &roles.timestamp),
        ("id", &roles.id),
        ("prediction", &roles.prediction),
        ("probability", &roles.probability),
        ("label", &roles.label),
        ("latency", &roles.latency),
        ("status", &roles.status),
    ];
    let mut parts: Vec<String> =
        named.into_iter().filter_map(|(role, name)| Some(format!("{role} `{}`", name.as_deref()?))).collect();
    for (what, names) in
        [("features", &roles.features), ("ignore", &roles.ignore), ("segment by", &settings.segment_by)]
    {
        if !names.is_empty() {
            parts.push(format!("{what} `{}`", names.join("`, `")));
        }
    }
    let zone = settings.windows.timezone.iana_name().unwrap_or("UTC");
    print::plain(&format!("settings: {}; windows of {} ({zone})", parts.join(", "), settings.windows.every))
}

/// The file that a command reads.
pub(crate) fn config(common: &Common) -> anyhow::Result<Config> {
    Config::load(common.config.as_deref())
}

/// A store with as many threads for input and output as for work.
pub(crate) fn store(resources: Resources) -> anyhow::Result<Store> {
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = resources.threads.map_or_else(cores, usize::from);
    Store::new(threads.min(8)).map_err(|error| anyhow!(error.chain()))
}

/// A place from a flag, or from the file when the flag is missing.
pub(crate) fn place(
    flag: Option<&str>,
    name: &str,
    config: &Config,
    key: &str,
    configured: Option<&str>,
) -> anyhow::Result<Location> {
    if let Some(text) = flag {
        return named(text);
    }
    let text = configured.ok_or_else(|| {
        anyhow!("{name} is missing; give it on the command line, or as `{key}` in {}", config::DEFAULT)
    })?;
    named(&from_folder(&config.folder, text)).with_context(|| format!("`{key}`"))
}

/// A place as typed.
pub(crate) fn named(text: &str) -> anyhow::Result<Location> {
    let here = env::current_dir().context("failed to find the current folder")?;
    Location::parse(text, &here).map_err(|error| anyhow!(error.chain()))
}

/// A path of the file, as it would be typed here.
fn from_folder(folder: &Path, text: &str) -> String {
    if text.contains("://") || Path::new(text).is_absolute() || folder.as_os_str().is_empty() {
        return text.to_owned();
    }
    folder.join(text).to_string_lossy().into_owned()
}

fn timezone(name: &str) -> anyhow::Result<TimeZone> {
    TimeZone::get(name).map_err(|_| {
        anyhow!(
            "time zone `{name}` is not known; expected a name of the tz database, such as UTC or Europe/Rome"
        )
    })
}

fn roles(flags: &RoleFlags, config: &Config) -> monitor::Roles {
    let (query, config) = (&config.quality.query, &config.roles);
    let one =
        |flag: &Option<String>, configured: &Option<String>| flag.clone().or_else(|| configured.clone());
    monitor::Roles {
        timestamp: one(&flags.timestamp, &config.timestamp),
        id: one(&flags.id, &config.id),
        prediction: one(&flags.prediction, &config.prediction),
        probability: one(&flags.probability, &config.probability),
        label: one(&flags.label, &config.label),
        latency: one(&flags.latency, &config.latency),
        status: one(&flags.status, &config.status),
        features: either(&flags.features, &config.features),
        // Names of queries are new each day.
        ignore: either(&flags.ignore, &config.ignore).into_iter().chain(query.clone()).collect(),
    }
}

fn records(config: &config::Records) -> monitor::RecordOptions {
    monitor::RecordOptions {
        names: config.names.clone(),
        outputs: match config.outputs {
            Some(config::OutputsAt::End) => monitor::OutputsAt::End,
            Some(config::OutputsAt::Start) | None => monitor::OutputsAt::Start,
        },
        select: config.select.iter().map(|(name, text)| (name.clone(), text.clone())).collect(),
    }
}

fn either(flag: &[String], configured: &[String]) -> Vec<String> {
    if flag.is_empty() { configured.to_vec() } else { flag.to_vec() }
}

/// A slot holds up to 1/256 of a baseline: many more bins than this would be of unequal size.
fn bins(bins: Option<u16>) -> anyhow::Result<Option<u16>> {
    match bins {
        Some(bins) if !(2..=100).contains(&bins) => {
            anyhow::bail!("drift.bins: expected 2 to 100 bins, found {bins}")
        }
        bins => Ok(bins),
    }
}

fn latency(config: &config::Latency) -> anyhow::Result<monitor::Latency> {
    if let Some(slow) = config.slow.filter(|slow| !slow.is_finite()) {
        anyhow::bail!("latency.slow: expected a finite number, found {slow}");
    }
    let name = |status: &config::Status| match status {
        config::Status::Number(number) => number.to_string(),
        config::Status::Name(name) => name.clone(),
    };
    Ok(monitor::Latency { slow: config.slow, errors: config.errors.iter().map(name).collect() })
}

fn known_metrics(names: &[String]) -> anyhow::Result<Vec<String>> {
    let known = monitor::METRICS.iter().map(|metric| metric.name);
    match names.iter().find(|name| !known.clone().any(|known| known == name.as_str())) {
        None => Ok(names.to_vec()),
        Some(wrong) => {
            let hint = nearest::hint(wrong, known);
            Err(anyhow!(
                "drift.metrics: metric `{wrong}` is not known; {hint} (`driftscan list metrics` shows all)"
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win_and_paths_start_at_the_file() {
        let mut config = Config::default();
        (config.roles.id, config.roles.label) = (Some("a".into()), Some("b".into()));
        config.quality.query = Some("q".into());
        let flags = RoleFlags { id: Some("c".into()), ..RoleFlags::default() };
        let roles = roles(&flags, &config);
        assert_eq!((roles.id.as_deref(), roles.label.as_deref()), (Some("c"), Some("b")));
        assert_eq!(roles.ignore, ["q"]);
        assert_eq!(from_folder(Path::new("ops"), "captures/"), "ops/captures/");
        assert_eq!(from_folder(Path::new("ops"), "s3://b/c"), "s3://b/c");
        assert_eq!(from_folder(Path::new(""), "c"), "c");
    }

    #[test]
    fn unknown_zones_and_metrics_are_named() {
        assert!(timezone("Europe/Rom").unwrap_err().to_string().contains("`Europe/Rom`"));
        let error = known_metrics(&["jensen_shanon".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("did you mean `jensen_shannon`?"), "{error}");
    }
}
