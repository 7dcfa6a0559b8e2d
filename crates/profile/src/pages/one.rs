//! Pages of a chunk whose rows all belong to one window and segment: nothing is kept but counts.

use super::{
    dictionary::Dictionary,
    hybrid::{Run, Runs, for_each_packed},
    names,
    physical::Physical,
    weights::Weights,
};
use crate::{FeatureProfile, feature::Target, values::tally};

/// Codes of a dictionary with more than a quarter as many numbers as there are rows are not counted: their numbers are
/// looked up.
const ROWS_PER_CODE: usize = 4;

/// Counts a chunk into one feature.
#[derive(Debug)]
pub(super) struct One<'a> {
    pub(super) target: Target<'a>,
    pub(super) feature: &'a mut FeatureProfile,
    /// Rows of the chunk.
    pub(super) rows: usize,
    /// Rows by dictionary code.
    pub(super) tally: &'a mut Vec<u32>,
    /// Numbers looked up.
    pub(super) numbers: &'a mut Vec<f64>,
}

impl One<'_> {
    /// Plain values.
    pub(super) fn plain(
        &mut self,
        physical: Physical,
        bytes: &[u8],
        count: usize,
    ) -> Result<(), &'static str> {
        match physical {
            Physical::Number(number) => {
                let bytes = number.of(bytes, count)?;
                number.for_each_block(bytes, |block| self.feature.observe_numbers(self.target, block));
            }
            Physical::Flag => {
                let bytes = bytes.get(..count.div_ceil(8)).ok_or("the page ends before its last value")?;
                let yes = count_flags(bytes, count);
                self.name("true", yes);
                self.name("false", count as u64 - yes);
            }
            Physical::Text => {
                let names = names::locate(physical, bytes, count)?;
                tally(names::texts(bytes, &names), |name, rows| {
                    self.feature.observe_name(self.target, name, rows)
                });
            }
            Physical::Binary(_) => {
                for name in names::locate(physical, bytes, count)? {
                    self.feature.observe_name(self.target, &name.text(bytes, true), 1);
                }
            }
        }
        Ok(())
    }

    /// Codes of a dictionary.
    pub(super) fn codes(
        &mut self,
        mut runs: Runs<'_>,
        width: u32,
        dictionary: &Dictionary,
    ) -> Result<(), &'static str> {
        const BEYOND: &str = "a code beyond the dictionary";
        if let Dictionary::Numbers(numbers) = dictionary
            && numbers.len() > self.rows / ROWS_PER_CODE
        {
            while let Some(run) = runs.next()? {
                match run {
                    Run::Repeated(code, count) => {
                        let number = *numbers.get(code as usize).ok_or(BEYOND)?;
                        self.feature.observe_number(self.target, number, count as u64);
                    }
                    Run::Packed(bytes, count) => {
                        let mut inside = true;
                        for_each_packed(bytes, width, count, |codes| {
                            let looked_up = codes.iter().map(|code| match numbers.get(*code as usize) {
                                Some(number) => *number,
                                None => {
                                    inside = false;
                                    0.0
                                }
                            });
                            self.numbers.extend(looked_up);
                            if self.numbers.len() >= sketch::BLOCK {
                                self.feature.observe_numbers(self.target, self.numbers);
                                self.numbers.clear();
                            }
                        });
                        if !inside {
                            return Err(BEYOND);
                        }
                    }
                }
            }
            return Ok(());
        }
        self.tally.resize(dictionary.len(), 0);
        while let Some(run) = runs.next()? {
            match run {
                Run::Repeated(code, count) => {
                    *self.tally.get_mut(code as usize).ok_or(BEYOND)? +=
                        u32::try_from(count).unwrap_or(u32::MAX);
                }
                Run::Packed(bytes, count) => {
                    let mut inside = true;
                    for_each_packed(bytes, width, count, |codes| {
                        for &code in codes {
                            match self.tally.get_mut(code as usize) {
                                Some(rows) => *rows += 1,
                                None => inside = false,
                            }
                        }
                    });
                    if !inside {
                        return Err(BEYOND);
                    }
                }
            }
        }
        Ok(())
    }

    /// Weighs each value of the dictionary with its rows.
    pub(super) fn finish(&mut self, dictionary: Option<&Dictionary>) {
        self.feature.observe_numbers(self.target, self.numbers);
        self.numbers.clear();
        if let Some(dictionary) = dictionary {
            Weights::new(self.target, dictionary).weigh(self.feature, self.tally);
        }
        self.tally.clear();
    }

    fn name(&mut self, name: &str, rows: u64) {
        if rows > 0 {
            self.feature.observe_name(self.target, name, rows);
        }
    }
}

/// Set bits among the first `count`.
fn count_flags(bytes: &[u8], count: usize) -> u64 {
    let whole = bytes.get(..count / 8).unwrap_or_default();
    let rest = bytes.get(count / 8).map_or(0, |byte| byte & !(u8::MAX << (count % 8)));
    u64::from(rest.count_ones()) + whole.iter().map(|byte| u64::from(byte.count_ones())).sum::<u64>()
}
