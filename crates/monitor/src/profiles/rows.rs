//! Profiles as rows: one for each feature of a source, window and segment.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
    cast::AsArray,
    types::{Int64Type, TimestampMicrosecondType},
};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use profile::{Profile, Spec};

use super::written::{Draft, Name, Written};
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
    written: Written,
    /// What was written down, where it is still at hand.
    unwritten: Option<Box<Profile>>,
}

impl StoredProfile {
    /// Says what a profile that is written down belongs to.
    pub(crate) fn new(
        (source, version, digest): (&Arc<str>, &Arc<str>, &Arc<str>),
        window: Window,
        segment: Option<Arc<str>>,
        written: Written,
    ) -> Self {
        Self {
            source: Arc::clone(source),
            version: Arc::clone(version),
            spec: Arc::clone(digest),
            window,
            segment,
            written,
            unwritten: None,
        }
    }

    /// Reads it back; the reason says what does not fit.
    pub(crate) fn profile(&mut self, spec: &Spec) -> Result<Profile, String> {
        match self.unwritten.take() {
            Some(profile) => Ok(*profile),
            None => self.written.read(spec),
        }
    }

    /// Keeps what was written down at hand.
    pub(crate) fn keep(&mut self, profile: Profile) {
        self.unwritten = Some(Box::new(profile));
    }

    /// Bytes in memory.
    pub(crate) fn heap_bytes(&self) -> usize {
        let unwritten = self.unwritten.as_ref().map_or(0, |profile| profile.heap_bytes());
        size_of::<Self>() + self.written.heap_bytes() + unwritten
    }

    /// Records.
    pub(crate) fn rows(&self) -> u64 {
        self.written.rows
    }

    /// All that was counted, in one order.
    pub(crate) fn contents(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.written.features().map(|(name, bytes)| (&*name.name, bytes))
    }

    /// The columns of [`StoredProfile::batch`].
    pub(crate) fn schema() -> SchemaRef {
        let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        Arc::new(Schema::new(vec![
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
        ]))
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
        let rows: Vec<(&Self, (&Name, &[u8]))> = profiles
            .iter()
            .flat_map(|profile| profile.written.features().map(move |feature| (profile, feature)))
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
        let names = StringArray::from_iter_values(rows().map(|(_, (name, _))| &*name.name));
        let known: BooleanArray = rows().map(|(_, (name, _))| Some(name.known)).collect();
        let records = Int64Array::from_iter_values(rows().map(|(profile, _)| count(profile.written.rows)));
        let format = Int64Array::from_iter_values(rows().map(|_| i64::from(sketch::FORMAT_VERSION)));
        let bytes = BinaryArray::from_iter_values(rows().map(|(_, (_, bytes))| bytes));
        let monitors = StringArray::from_iter_values(rows().map(|_| monitor));
        RecordBatch::try_new(
            Self::schema(),
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
        let (mut profiles, mut open): (Vec<Self>, Option<Reading>) = (Vec::new(), None);
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
                let same = open.as_ref().is_some_and(|open| {
                    open.window == window
                        && open.segment.as_deref() == segment
                        && &*open.source == sources.value(row)
                        && &*open.version == versions.value(row)
                        && &*open.spec == specs.value(row)
                });
                if !same {
                    profiles.extend(open.take().map(|open| open.finish(profiles.last())));
                    let shared = |text: &str, of: fn(&Self) -> &Arc<str>| match profiles.last().map(of) {
                        Some(last) if &**last == text => Arc::clone(last),
                        _ => Arc::from(text),
                    };
                    open = Some(Reading {
                        source: shared(sources.value(row), |p| &p.source),
                        version: shared(versions.value(row), |p| &p.version),
                        spec: shared(specs.value(row), |p| &p.spec),
                        window,
                        segment: segment.map(Arc::from),
                        draft: Draft::new(u64::try_from(rows.value(row)).ok()?),
                        names: Vec::new(),
                    });
                }
                let open = open.as_mut()?;
                let alike = profiles.last().and_then(|last| last.written.names().get(open.names.len()));
                open.names.push(match alike {
                    Some(alike) if &*alike.name == names.value(row) && alike.known == known.value(row) => {
                        alike.clone()
                    }
                    _ => Name { name: names.value(row).into(), known: known.value(row) },
                });
                open.draft.push(bytes.value(row)).ok()?;
            }
        }
        profiles.extend(open.map(|open| open.finish(profiles.last())));
        Some(profiles)
    }
}

/// A profile whose rows are being read.
struct Reading {
    source: Arc<str>,
    version: Arc<str>,
    spec: Arc<str>,
    window: Window,
    segment: Option<Arc<str>>,
    draft: Draft,
    names: Vec<Name>,
}

impl Reading {
    /// Names are mostly those of the profile before.
    fn finish(self, before: Option<&StoredProfile>) -> StoredProfile {
        let Self { source, version, spec, window, segment, draft, names } = self;
        let names = match before.map(|before| before.written.names()) {
            Some(before) if **before == *names => Arc::clone(before),
            _ => names.into(),
        };
        let written = draft.finish(names);
        StoredProfile { source, version, spec, window, segment, written, unwritten: None }
    }
}
