//! Counts instructions: this program again, under callgrind.

use std::{
    fs,
    hint::black_box,
    io::ErrorKind,
    path::Path,
    process::{Command, Stdio},
};

/// The argument that the program under callgrind gets.
const INSIDE: &str = "--inside-callgrind";
/// What it prints where valgrind shows it a processor without AVX2.
const NO_AVX2: &str = "no AVX2";
/// Callgrind counts an instruction that repeats itself once for each byte, and from which length on the C library copies
/// and zeroes with one depends on its version: never.
const NO_REPEATS: &str =
    "glibc.cpu.x86_rep_movsb_threshold=1000000000:glibc.cpu.x86_rep_stosb_threshold=1000000000";

/// A case with its instructions per value.
pub(crate) struct Measured {
    pub(crate) name: String,
    pub(crate) per_value: f64,
}

/// What came of it.
pub(crate) enum Outcome {
    Measured(Vec<Measured>),
    /// With the reason.
    Skipped(&'static str),
}

/// Whether this is the program under callgrind.
pub(crate) fn is_inside() -> bool {
    std::env::args().any(|argument| argument == INSIDE)
}

/// Whether the kernels take their AVX2 form; says so if they do not.
pub(crate) fn has_avx2() -> bool {
    #[cfg(target_arch = "x86_64")]
    let found = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    #[cfg(not(target_arch = "x86_64"))]
    let found = false;
    if !found {
        println!("{NO_AVX2}");
    }
    found
}

/// Measures work that takes so many values, once it was done before: what is made on first use is not counted.
pub(crate) fn measure(name: &str, values: usize, work: &dyn Fn()) {
    work();
    measured(work);
    println!("{name} {values}");
}

/// What is within is counted; on its return callgrind writes down how much it was.
#[inline(never)]
fn measured(work: &dyn Fn()) {
    work();
    // The call above must not become a jump.
    black_box(());
}

/// Runs all cases under callgrind.
pub(crate) fn run() -> Result<Outcome, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let out = folder.path().join("callgrind");
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let measured = concat!(module_path!(), "::measured");
    let output = Command::new("valgrind")
        .args(["--quiet", "--tool=callgrind"])
        .arg(format!("--toggle-collect={measured}"))
        .arg(format!("--dump-after={measured}"))
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(program)
        .arg(INSIDE)
        .env("GLIBC_TUNABLES", NO_REPEATS)
        .stderr(Stdio::inherit())
        .output();
    let output = match output {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Ok(Outcome::Skipped("there is no valgrind on this machine"));
        }
        output => output.map_err(|error| format!("valgrind: {error}"))?,
    };
    let printed = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        return Err(format!("valgrind ended with {}: {printed}", output.status));
    }
    if printed.trim() == NO_AVX2 {
        return Ok(Outcome::Skipped("they are for AVX2, which valgrind does not show on this machine"));
    }
    let cases = printed.lines().zip(1..).map(|(line, number)| {
        let case = line.split_once(' ').and_then(|(name, values)| Some((name, values.parse::<f64>().ok()?)));
        let (name, values) = case.ok_or_else(|| format!("expected a case and its values, found `{line}`"))?;
        let instructions = instructions(&out.with_extension(number.to_string()))?;
        Ok(Measured { name: name.to_owned(), per_value: instructions / values })
    });
    Ok(Outcome::Measured(cases.collect::<Result<_, String>>()?))
}

/// What callgrind wrote down.
fn instructions(file: &Path) -> Result<f64, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals: ")?.parse().ok());
    total.filter(|total| *total > 0.0).ok_or_else(|| format!("{}: expected a total above 0", file.display()))
}
