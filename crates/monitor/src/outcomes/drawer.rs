//! What was counted and waits to be stored: in one file without a name, so that it takes no memory.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    sync::Arc,
};

use super::{Form, Outcomes};
use crate::{Error, window::Window};

/// Whose outcomes they are: window, segment, and position of the source.
pub(crate) type Owner = (Window, Option<Arc<str>>, u32);

/// Outcomes by owner, each in one or more pieces.
#[derive(Debug)]
pub(crate) struct Drawer {
    file: File,
    end: u64,
    pieces: BTreeMap<Owner, Vec<(u64, u32)>>,
}

impl Drawer {
    pub(crate) fn new() -> Result<Self, Error> {
        Ok(Self {
            file: tempfile::tempfile().map_err(|error| trouble(&error))?,
            end: 0,
            pieces: BTreeMap::new(),
        })
    }

    /// Puts a piece in.
    pub(crate) fn put(&mut self, owner: Owner, outcomes: &Outcomes) -> Result<(), Error> {
        let bytes = outcomes.to_bytes()?;
        let length = u32::try_from(bytes.len()).map_err(|_| sketch::Error::Encode {
            reason: "the outcomes of one window take more than 4 GiB".to_owned(),
        })?;
        self.file.seek(SeekFrom::Start(self.end)).map_err(|error| trouble(&error))?;
        self.file.write_all(&bytes).map_err(|error| trouble(&error))?;
        self.pieces.entry(owner).or_default().push((self.end, length));
        self.end += u64::from(length);
        Ok(())
    }

    /// Leaves out all that is of some sources.
    pub(crate) fn forget(&mut self, is_of: impl Fn(u32) -> bool) {
        self.pieces.retain(|(_, _, source), _| !is_of(*source));
    }

    /// All owners, in order.
    pub(crate) fn owners(&self) -> impl Iterator<Item = &Owner> {
        self.pieces.keys()
    }

    /// All that was put in of an owner, of whose source nothing more will come.
    pub(crate) fn whole(&mut self, owner: &Owner, form: &Form) -> Result<Outcomes, Error> {
        let mut whole = Outcomes::new(form);
        for (at, length) in self.pieces.get(owner).into_iter().flatten() {
            let mut bytes = vec![0; usize::try_from(*length).unwrap_or(0)];
            self.file.seek(SeekFrom::Start(*at)).map_err(|error| trouble(&error))?;
            self.file.read_exact(&mut bytes).map_err(|error| trouble(&error))?;
            let piece =
                Outcomes::of_bytes(&bytes, form).map_err(|reason| sketch::Error::Decode { reason })?;
            if !whole.merge(&piece) {
                return Err(sketch::Error::Decode { reason: "outcomes of two forms".to_owned() }.into());
            }
        }
        whole.close();
        Ok(whole)
    }
}

/// No room for what waits.
pub(super) fn trouble(error: &std::io::Error) -> Error {
    Error::Scratch { reason: format!("{}: {error}", std::env::temp_dir().display()) }
}
