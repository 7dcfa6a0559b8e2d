//! A guard on instructions per value, which no busy machine changes: it fails where a case takes more than its limit.
//!
//! The program starts itself again under callgrind, which counts what runs within `measured` and nothing else. Limits
//! are in `limits.txt`, 8 % above what was measured with the toolchain of `rust-toolchain.toml`. They are for AVX2:
//! valgrind has no AVX-512, so the kernels take their AVX2 form under it. Where there is no valgrind, or no AVX2, the
//! guard says that it was skipped. `just instructions` runs it; `just instructions --write` writes the limits anew,
//! for a change whose cost is meant.

#![expect(clippy::print_stdout, reason = "a table is what it is for")]

#[path = "../arrays.rs"]
mod arrays;
mod callgrind;
#[path = "../inputs.rs"]
mod inputs;
mod limits;
mod pages;
mod sketches;
#[path = "../summaries.rs"]
mod summaries;

use std::process::ExitCode;

use callgrind::Outcome;

fn main() -> ExitCode {
    let outcome = if callgrind::is_inside() { measure_all() } else { guard() };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            println!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn measure_all() -> Result<(), String> {
    if callgrind::has_avx2() {
        sketches::measure_all();
        pages::measure_all().map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn guard() -> Result<(), String> {
    match callgrind::run()? {
        Outcome::Skipped(reason) => {
            println!("skipped: limits on instructions, {reason}");
            Ok(())
        }
        Outcome::Measured(cases) if std::env::args().any(|argument| argument == "--write") => {
            limits::write(&cases)
        }
        Outcome::Measured(cases) => limits::hold(&cases),
    }
}
