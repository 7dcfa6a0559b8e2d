//! `driftscan`: the command line around `monitor`.
//!
//! It reads flags and `driftscan.toml`, shows progress, prints results and picks the exit code. It decides nothing
//! and computes no statistics.

mod args;
mod command;
mod config;
mod exit;
mod heap;
mod nearest;
mod print;
mod progress;
mod record;
mod settings;
mod signal;
mod size;
mod summary;
mod time;

use std::{env, process::ExitCode};

use clap::Parser as _;

use crate::args::{Command, CommandLine};

fn main() -> ExitCode {
    heap::keep_flat();
    let CommandLine { common, command } = CommandLine::parse();
    let code = match &command {
        Command::Demo(args) => command::demo::run(&common, args),
        Command::Init(args) => command::init::run(&common, args),
        Command::Baseline(args) => command::baseline::run(&common, args),
        Command::Backfill(args) => command::backfill::run(&common, args),
        Command::Check(args) => command::check::run(&common, args),
        Command::Rescore(args) => command::rescore::run(&common, args),
        Command::Convert(args) => command::convert::run(&common, args),
        Command::Sources(args) => command::sources::run(&common, args),
        Command::Explain(args) => command::explain::run(&common, args),
        Command::List(args) => command::list::run(&common, args),
        Command::Bench(args) => command::bench::run(&common, args),
    };
    ExitCode::from(code.unwrap_or_else(|error| {
        print::note(&format!("error: {}", one_line(&error)));
        exit::of_error(&error)
    }))
}

/// The error and what lies under it, without saying anything twice.
fn one_line(error: &anyhow::Error) -> String {
    let line = error.chain().map(ToString::to_string).fold(String::new(), |line, text| match line {
        line if line.contains(&text) => line,
        line if line.is_empty() => text,
        line => format!("{line}: {text}"),
    });
    print::plain(&line.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// This program, as it can be typed again.
fn program() -> String {
    let typed = env::args_os().next().map(|name| name.to_string_lossy().into_owned());
    typed.map_or_else(|| "driftscan".to_owned(), |name| print::quoted(&name))
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn errors_fit_on_a_line_and_say_nothing_twice() {
        let error = anyhow!("disk\n  full").context("failed to write `a`: disk\n  full").context("backfill");
        assert_eq!(one_line(&error), "backfill: failed to write `a`: disk full");
    }
}
