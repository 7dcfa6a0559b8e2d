//! Profiles as rows: one for each feature of a source, window and segment.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
    cast::AsArray,
    types::{Int64Type, TimestampMicrosecondType},
};
use arrow_schema::{ArrowError, DataType, Field, Schema, TimeUnit};
use profile::{Kind, Profile, Spec};

use crate::window::Window;

/// What was counted of one source, window and segment, as it is written down.
#[derive(Debug, Clone)]
pub(crate) struct StoredProfile {
    /// Id of the source.
    pub(crate) source: Arc<str>,
    /// Which version of it.
    pub(crate) version: Arc<str>,
    /// Digest of the bins, roles and format.
    pub(crate) spec: Arc<str>,
    pub(crate) window: Window,
    pub(crate) segment: Option<Arc<str>>,
    /// Records.
    pub(crate) rows: u64,
    features: Vec<StoredFeature>,
    /// What was written down, where it is still at hand.
    unwritten: Option<Box<Profile>>,
}

#[derive(Debug, Clone)]
struct StoredFeature {
    name: Arc<str>,
    /// Whether the baseline has it.
    known: bool,
    bytes: Box<[u8]>,
}

impl StoredProfile {
    /// Writes a profile down.
    pub(crate) fn new(
        (source, version, digest): (&Arc<str>, &Arc<str>, &Arc<str>),
        window: Window,
        segment: Option<Arc<str>>,
        names: &[Arc<str>],
        profile: &Profile,
    ) -> Result<Self, sketch::Error> {
        let known =
            names.iter().zip(&profile.features).map(|(name, feature)| (Arc::clone(name), true, feature));
        let extra = profile.extra.iter().map(|(name, feature)| (Arc::from(name.as_str()), false, feature));
        let features = known.chain(extra).map(|(name, known, feature)| {
            Ok(StoredFeature { name, known, bytes: sketch::to_bytes(feature)?.into_boxed_slice() })
        });
        Ok(Self {
            source: Arc::clone(source),
            version: Arc::clone(version),
            spec: Arc::clone(digest),
            window,
            segment,
            rows: profile.rows,
            features: features.collect::<Result<_, sketch::Error>>()?,
            unwritten: None,
        })
    }

    /// Reads it back; the reason says what does not fit.
    pub(crate) fn profile(&mut self, spec: &Spec) -> Result<Profile, String> {
        if let Some(profile) = self.unwritten.take() {
            return Ok(*profile);
        }
        let mut profile = Profile { rows: self.rows, ..Profile::default() };
        for StoredFeature { name, known, bytes } in &self.features {
            let feature: profile::FeatureProfile =
                sketch::from_bytes(bytes).map_err(|error| format!("feature `{name}`: {error}"))?;
            if *known {
                profile.features.push(feature);
            } else if feature.fits(&Kind::Empty) {
                profile.extra.insert(name.to_string(), feature);
            } else {
                return Err(format!("feature `{name}`: counters that contradict each other"));
            }
        }
        if profile.fits(spec) { Ok(profile) } else { Err("counters that do not fit the bins".to_owned()) }
    }

    /// Keeps what was written down at hand.
    pub(crate) fn keep(&mut self, profile: Profile) {
        self.unwritten = Some(Box::new(profile));
    }

    /// Bytes in memory.
    pub(crate) fn heap_bytes(&self) -> usize {
        let features = self.features.iter().map(|feature| feature.bytes.len() + 48).sum::<usize>();
        let unwritten = self.unwritten.as_ref().map_or(0, |profile| profile.heap_bytes());
        size_of::<Self>() + features + unwritten
    }

    /// All that was counted, in one order.
    pub(crate) fn contents(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.features.iter().map(|feature| (&*feature.name, &*feature.bytes))
    }

    /// The order of rows in a file.
    pub(crate) fn sort(profiles: &mut [Self]) {
        profiles.sort_by(|a, b| {
            let key = |p: &Self| (p.window, p.segment.clone(), Arc::clone(&p.source));
            key(a).cmp(&key(b))
        });
    }

    /// As a row for each feature.
    pub(crate) fn batch(monitor: &str, profiles: &[Self]) -> Result<RecordBatch, ArrowError> {
        let rows: Vec<(&Self, &StoredFeature)> = profiles
            .iter()
            .flat_map(|profile| profile.features.iter().map(move |feature| (profile, feature)))
            .collect();
        let rows = || rows.iter().copied();
        let count = |rows: u64| i64::try_from(rows).unwrap_or(i64::MAX);
        let texts = |text: fn(&Self) -> &str| -> ArrayRef {
            Arc::new(StringArray::from_iter_values(rows().map(|(profile, _)| text(profile))))
        };
        let times = |time: fn(&Self) -> i64| -> ArrayRef {
            let times = TimestampMicrosecondArray::from_iter_values(rows().map(|(profile, _)| time(profile)));
            Arc::new(times.with_timezone("UTC"))
        };
        let segments: StringArray = rows().map(|(profile, _)| profile.segment.as_deref()).collect();
        let names = StringArray::from_iter_values(rows().map(|(_, feature)| &*feature.name));
        let known: BooleanArray = rows().map(|(_, feature)| Some(feature.known)).collect();
        let records = Int64Array::from_iter_values(rows().map(|(profile, _)| count(profile.rows)));
        let format = Int64Array::from_iter_values(rows().map(|_| i64::from(sketch::FORMAT_VERSION)));
        let bytes = BinaryArray::from_iter_values(rows().map(|(_, feature)| &feature.bytes));
        let monitors = StringArray::from_iter_values(rows().map(|_| monitor));
        RecordBatch::try_new(
            Arc::new(schema()),
            vec![
                Arc::new(monitors),
                times(|profile| profile.window.start),
                times(|profile| profile.window.end),
                Arc::new(segments),
                texts(|profile| &profile.source),
                texts(|profile| &profile.version),
                texts(|profile| &profile.spec),
                Arc::new(names),
                Arc::new(known),
                Arc::new(records),
                Arc::new(format),
                Arc::new(bytes),
            ],
        )
    }

    /// From rows, as [`StoredProfile::batch`] makes them; `None` when they are something else.
    pub(crate) fn of_batches(batches: &[RecordBatch]) -> Option<Vec<Self>> {
        let mut profiles: Vec<Self> = Vec::new();
        for batch in batches {
            let text = |name: &str| batch.column_by_name(name)?.as_string_opt::<i32>();
            let time =
                |name: &str| batch.column_by_name(name)?.as_primitive_opt::<TimestampMicrosecondType>();
            let (starts, ends) = (time("window_start")?, time("window_end")?);
            let (segments, sources, versions) = (text("segment")?, text("source")?, text("version")?);
            let (specs, names) = (text("spec")?, text("feature")?);
            let known = batch.column_by_name("known")?.as_boolean_opt()?;
            let rows = batch.column_by_name("rows")?.as_primitive_opt::<Int64Type>()?;
            let bytes = batch.column_by_name("profile")?.as_binary_opt::<i32>()?;
            for row in 0..batch.num_rows() {
                let window = Window { start: starts.value(row), end: ends.value(row) };
                let segment = segments.is_valid(row).then(|| segments.value(row));
                let same = profiles.last().is_some_and(|last| {
                    last.window == window
                        && last.segment.as_deref() == segment
                        && &*last.source == sources.value(row)
                        && &*last.version == versions.value(row)
                        && &*last.spec == specs.value(row)
                });
                if !same {
                    let shared = |text: &str, of: fn(&Self) -> &Arc<str>| match profiles.last().map(of) {
                        Some(last) if &**last == text => Arc::clone(last),
                        _ => Arc::from(text),
                    };
                    profiles.push(Self {
                        source: shared(sources.value(row), |p| &p.source),
                        version: shared(versions.value(row), |p| &p.version),
                        spec: shared(specs.value(row), |p| &p.spec),
                        window,
                        segment: segment.map(Arc::from),
                        rows: u64::try_from(rows.value(row)).ok()?,
                        features: Vec::new(),
                        unwritten: None,
                    });
                }
                let feature = StoredFeature {
                    name: names.value(row).into(),
                    known: known.value(row),
                    bytes: bytes.value(row).into(),
                };
                profiles.last_mut()?.features.push(feature);
            }
        }
        Some(profiles)
    }
}

fn schema() -> Schema {
    let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    Schema::new(vec![
        Field::new("monitor", DataType::Utf8, false),
        Field::new("window_start", time.clone(), false),
        Field::new("window_end", time, false),
        Field::new("segment", DataType::Utf8, true),
        Field::new("source", DataType::Utf8, false),
        Field::new("version", DataType::Utf8, false),
        Field::new("spec", DataType::Utf8, false),
        Field::new("feature", DataType::Utf8, false),
        Field::new("known", DataType::Boolean, false),
        Field::new("rows", DataType::Int64, false),
        Field::new("format", DataType::Int64, false),
        Field::new("profile", DataType::Binary, false),
    ])
}
