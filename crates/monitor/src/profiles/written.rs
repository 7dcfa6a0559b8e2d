//! A profile written down: the bytes of its features in one piece, a fraction of what counting takes.

use std::sync::Arc;

use profile::{FeatureProfile, Kind, Profile, Spec};

/// A feature that a profile holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) name: Arc<str>,
    /// Whether the baseline has it.
    pub(crate) known: bool,
}

/// Features of many profiles.
pub(crate) type Names = Arc<[Name]>;

/// What was counted of some records, feature by feature.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    /// Records.
    pub(crate) rows: u64,
    names: Names,
    /// Where the bytes of each feature end.
    ends: Box<[u32]>,
    bytes: Box<[u8]>,
}

/// The features of a spec.
pub(crate) fn names(spec: &Spec) -> Names {
    let name = |name: &str| Name { name: name.into(), known: true };
    spec.features().iter().map(|feature| name(&feature.name)).collect()
}

impl Written {
    /// Writes a profile down; `known` are the features of its spec.
    pub(crate) fn new(known: &Names, profile: &Profile) -> Result<Self, sketch::Error> {
        let mut draft = Draft::new(profile.rows);
        for feature in &profile.features {
            draft.push(&sketch::to_bytes(feature)?)?;
        }
        let mut names = Arc::clone(known);
        if !profile.extra.is_empty() {
            let extra = profile.extra.keys().map(|name| Name { name: name.as_str().into(), known: false });
            names = known.iter().cloned().chain(extra).collect();
            for feature in profile.extra.values() {
                draft.push(&sketch::to_bytes(feature)?)?;
            }
        }
        Ok(draft.finish(names))
    }

    /// Reads it back; the reason says what does not fit.
    pub(crate) fn read(&self, spec: &Spec) -> Result<Profile, String> {
        let mut profile = Profile { rows: self.rows, ..Profile::default() };
        for (Name { name, known }, bytes) in self.features() {
            let feature: FeatureProfile =
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

    /// Names and bytes, in one order.
    pub(crate) fn features(&self) -> impl Iterator<Item = (&Name, &[u8])> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let ranges = starts.zip(&self.ends).map(|(start, &end)| start as usize..end as usize);
        self.names.iter().zip(ranges.map(|range| &self.bytes[range]))
    }

    /// Bytes on the heap, but for names, which many share.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.bytes.len() + size_of_val(&*self.ends)
    }

    /// All features.
    pub(crate) fn names(&self) -> &Names {
        &self.names
    }
}

/// One in the making.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    rows: u64,
    ends: Vec<u32>,
    bytes: Vec<u8>,
}

impl Draft {
    /// Of so many records, without features yet.
    pub(crate) fn new(rows: u64) -> Self {
        Self { rows, ..Self::default() }
    }

    /// Adds the bytes of the next feature.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), sketch::Error> {
        self.bytes.extend_from_slice(bytes);
        self.ends.push(
            u32::try_from(self.bytes.len())
                .map_err(|_| sketch::Error::Decode { reason: "a profile of more than 4 GiB".to_owned() })?,
        );
        Ok(())
    }

    /// With the names of the features, in the order they were added.
    pub(crate) fn finish(self, names: Names) -> Written {
        Written { rows: self.rows, names, ends: self.ends.into(), bytes: self.bytes.into() }
    }
}
