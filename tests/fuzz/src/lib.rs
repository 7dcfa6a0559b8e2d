//! Fuzz targets of driftscan: a module each, whose `run` takes any bytes and panics where a promise is broken.
#![forbid(unsafe_code)]

pub mod config;
pub mod documents;
pub mod footer;
pub mod location;
#[path = "../../../crates/cli/src/nearest.rs"]
mod nearest;
pub mod outcome_bytes;
pub mod page_path;
#[expect(dead_code, reason = "the tests need more of it")]
mod paths;
pub mod profile_bytes;
pub mod records;
mod world;

use std::cell::RefCell;
use std::panic::{PanicHookInfo, catch_unwind, resume_unwind, set_hook, take_hook};
use std::path::Path;

thread_local! {
    /// What the last panic that is not ours said.
    static OTHERS: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Lets panics of other crates unwind, because their callers here catch them; a panic of our own ends the process at
/// once, even where it would be caught.
pub fn start() {
    let abort = take_hook();
    set_hook(Box::new(move |panic| {
        if is_ours(panic) {
            abort(panic);
        }
        OTHERS.set(panic.to_string());
    }));
}

fn is_ours(panic: &PanicHookInfo<'_>) -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    let file = panic.location().map(|location| Path::new(location.file()));
    file.zip(root).is_none_or(|(file, root)| file.is_relative() || file.starts_with(root))
}

/// Runs a target; a panic that nobody caught is shown before it goes on.
pub fn run(target: fn(&[u8]), bytes: &[u8]) {
    if let Err(panic) = catch_unwind(|| target(bytes)) {
        eprintln!("uncaught: {}", OTHERS.take());
        resume_unwind(panic);
    }
}
