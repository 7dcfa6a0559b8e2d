//! The columns of one row group, each by the page path or the batch path, into profiles by group.

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use parquet::file::{metadata::RowGroupMetaData, reader::ChunkReader};

use crate::{
    FeatureProfile, Groups, Kind, PageError, PageLeaf, Profile, Spec,
    feature::Target,
    flatten::for_each_leaf,
    pages::{self, Scratch},
};

/// Takes the columns of some records, one after the other and each once, then their number.
#[derive(Debug)]
pub struct Observer<'a, 'b> {
    spec: &'a Spec,
    groups: &'a Groups,
    profiles: &'a mut [&'b mut Profile],
    /// Features of the spec that the records have a column for.
    seen: Vec<bool>,
    /// Those of them that came by pages.
    from_pages: Vec<bool>,
    scratch: Scratch,
}

impl<'a, 'b> Observer<'a, 'b> {
    /// For records whose groups are positions in `profiles`; each group has at least one of them.
    #[must_use]
    pub fn new(spec: &'a Spec, groups: &'a Groups, profiles: &'a mut [&'b mut Profile]) -> Self {
        let seen = vec![false; spec.features().len()];
        Self { spec, groups, profiles, from_pages: seen.clone(), seen, scratch: Scratch::default() }
    }

    /// Takes a column from the pages of its chunk, which lies in `bytes` where the footer says.
    ///
    /// # Errors
    /// [`PageError`] when the pages are not what their headers and the footer say. The profiles are then of no use.
    pub fn pages<R: ChunkReader + 'static>(
        &mut self,
        leaf: &PageLeaf,
        row_group: &RowGroupMetaData,
        bytes: R,
    ) -> Result<(), PageError> {
        // Nothing is read for rows that no window wants.
        if self.groups.sizes().is_empty() {
            return Ok(());
        }
        let position = self.spec.position(&leaf.name);
        let kind = position.map_or(&Kind::Empty, |position| &self.spec.features()[position].kind);
        if let Some(position) = position {
            (self.seen[position], self.from_pages[position]) = (true, true);
        }
        let mut features: Vec<&mut FeatureProfile> = Vec::with_capacity(self.profiles.len());
        for profile in self.profiles.iter_mut() {
            features.push(match position {
                Some(position) => &mut profile.features[position],
                None => profile.extra.entry(leaf.name.clone()).or_default(),
            });
        }
        pages::observe(
            leaf,
            row_group,
            bytes,
            Target::of(kind),
            self.groups,
            &mut features,
            &mut self.scratch,
        )
    }

    /// Takes columns from a batch that begins at a row. `wanted` says which top-level columns.
    ///
    /// # Errors
    /// When Arrow cannot copy the rows of a group.
    pub fn batch(
        &mut self,
        start: usize,
        batch: &RecordBatch,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<(), ArrowError> {
        for (group, part) in self.groups.split(start, batch)? {
            let Some(profile) = self.profiles.get_mut(group as usize) else { continue };
            // What one part has of a column says nothing of the next part.
            let mut seen = self.from_pages.clone();
            for_each_leaf(&part, wanted, &mut |leaf| profile.observe_leaf(self.spec, &leaf, &mut seen));
            self.seen.iter_mut().zip(seen).for_each(|(ever, now)| *ever |= now);
        }
        Ok(())
    }

    /// Counts the records, and as absent the features that they had no column for.
    pub fn finish(self) {
        for (profile, &rows) in self.profiles.iter_mut().zip(self.groups.sizes()) {
            profile.rows += rows;
            for (feature, _) in profile.features.iter_mut().zip(&self.seen).filter(|(_, seen)| !**seen) {
                feature.counts.observe_absent(rows);
            }
        }
    }
}
