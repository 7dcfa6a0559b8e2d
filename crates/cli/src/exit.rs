//! Exit codes, and which of them an ending deserves.

use monitor::{Error, Outcome, tables::Severity};

use crate::{args::FailOn, signal::Signal};

/// Done, and nothing that the run was asked to fail on.
pub(crate) const DONE: u8 = 0;
/// Violations were found, and `--fail-on` says that they count.
pub(crate) const VIOLATIONS: u8 = 1;
/// The command line or the configuration cannot be used.
pub(crate) const USAGE: u8 = 2;
/// Something could not be read or written.
pub(crate) const IO: u8 = 3;
/// Finished, but some captures were set aside.
pub(crate) const QUARANTINED: u8 = 4;
/// Stopped by Ctrl-C; the next run goes on from there.
pub(crate) const INTERRUPTED: u8 = 130;
/// Stopped by SIGTERM; the next run goes on from there.
pub(crate) const TERMINATED: u8 = 143;

/// The same for `--help`.
pub(crate) const HELP: &str = "\
Start here:
  driftscan demo                  a year of real data, in seconds
  driftscan init CAPTURES         a driftscan.toml for your own

Exit codes:
  0    done
  1    violations found, and --fail-on says that they count
  2    the command line or driftscan.toml cannot be used
  3    something could not be read or written
  4    finished, but some captures were set aside
  130  interrupted, 143 terminated: the same command goes on from there";

/// The code of a run that came to its end or was stopped.
pub(crate) fn of_outcome(outcome: &Outcome, fail_on: FailOn, signal: &Signal) -> u8 {
    let least = match fail_on {
        FailOn::Never => None,
        FailOn::Warning => Some(Severity::Warning),
        FailOn::Violation => Some(Severity::Violation),
    };
    if outcome.interrupted {
        signal.exit_code()
    } else if least.is_some_and(|least| worst(outcome) >= Some(least)) {
        VIOLATIONS
    } else {
        of_quarantine(&outcome.quarantined)
    }
}

/// The code of a run that ended, by what it set aside.
pub(crate) fn of_quarantine(quarantined: &[(String, String)]) -> u8 {
    if quarantined.is_empty() { DONE } else { QUARANTINED }
}

/// The code of a run that could not go on.
pub(crate) fn of_error(error: &anyhow::Error) -> u8 {
    let reading = |cause: &(dyn std::error::Error + 'static)| match cause.downcast_ref::<Error>() {
        Some(
            Error::Setting { .. }
            | Error::Unknown { .. }
            | Error::NoData { .. }
            | Error::Baseline { .. }
            | Error::Results { .. },
        ) => false,
        Some(_) => true,
        None => cause.is::<std::io::Error>(),
    };
    if error.chain().any(reading) { IO } else { USAGE }
}

fn worst(outcome: &Outcome) -> Option<Severity> {
    let of_windows = outcome.constraints.values().map(|constraint| match constraint.violations {
        0 => Severity::Warning,
        _ => Severity::Violation,
    });
    let of_detail = outcome.detail.iter().flat_map(|detail| &detail.violations).map(|row| row.severity);
    of_windows.chain(of_detail).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_lists_every_code() {
        for code in [DONE, VIOLATIONS, USAGE, IO, QUARANTINED, INTERRUPTED, TERMINATED] {
            let listed = |line: &str| line.split([' ', ',']).any(|word| word == code.to_string());
            assert!(HELP.lines().any(listed), "{code}");
        }
    }

    #[test]
    fn what_the_user_must_decide_is_two_and_the_rest_three() {
        let setting = Error::Setting { name: "window".into(), reason: "no".into() };
        assert_eq!(of_error(&anyhow::Error::new(setting).context("first")), USAGE);
        let bad = Error::BadFile { path: "a".into(), reason: "torn".into() };
        assert_eq!(of_error(&bad.into()), IO);
        assert_eq!(of_error(&std::io::Error::other("disk").into()), IO);
        assert_eq!(of_error(&anyhow::anyhow!("unknown key")), USAGE);
    }
}
