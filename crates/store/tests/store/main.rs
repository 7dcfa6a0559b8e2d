//! What the public calls do with real files and real services.
#![expect(clippy::unwrap_used, clippy::panic, reason = "the functions that tests share are tests too")]
#![expect(clippy::print_stdout, reason = "a test that cannot run here says so")]

mod captures;
mod cloud;
mod corrupt;
mod csv;
#[path = "../faults/mod.rs"]
mod faults;
mod lease;
mod listing;
mod pruning;
mod records;
mod row_groups;
mod sandbox;
mod scan;
mod server;
#[path = "../servers/mod.rs"]
mod servers;
mod survival;
mod writing;
