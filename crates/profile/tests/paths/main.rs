//! The page path gives the same profile as the batch path, to the byte: over files of our own making in every
//! encoding, over files of other writers, and over damaged bytes.
#![expect(clippy::unwrap_used, clippy::panic, reason = "the functions that tests share are tests too")]

mod arrival;
mod corpus;
mod damage;
mod judge;
mod matrix;
mod names;
mod read;
mod shapes;
mod write;
