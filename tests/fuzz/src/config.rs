//! `driftscan.toml`: any text is settings, or an error that starts with one of its lines.

#[path = "../../../crates/cli/src/config.rs"]
#[expect(dead_code, reason = "what becomes of the settings is not the parser's")]
mod parser;

use monitor::{Every, TimeZone, Windows};

/// Reads a text.
pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match parser::Config::parse(text) {
        Ok(config) => {
            let every = config.windows.every.and_then(|every| every.parse::<Every>().ok());
            if let Some(every) = every {
                assert_eq!(every.to_string().parse::<Every>().unwrap(), every);
            }
            let zone = config.windows.timezone.and_then(|zone| TimeZone::get(&zone).ok());
            if let (Some(zone), Some(bound)) = (zone, config.monitor.name) {
                let _ = Windows::parse_bound(&bound, &zone);
            }
        }
        Err(error) => {
            let line = error.split_once(": ").and_then(|(line, _)| line.parse::<usize>().ok());
            let lines = text.bytes().filter(|byte| *byte == b'\n').count() + 1;
            assert!(line.is_some_and(|line| (1..=lines).contains(&line)), "{error}");
        }
    }
}
