//! `init`: a commented `driftscan.toml` with guessed roles.

use std::{
    fmt::Write as _,
    fs::OpenOptions,
    io::{self, Write as _},
    path::Path,
};

use anyhow::{Context as _, anyhow};
use monitor::{Guess, TimeZone};
use serde::Serialize;

use crate::{
    args::{Common, Init, Resources},
    config, exit, print, program, settings, time,
};

/// What was looked at and written. Member names are stable.
#[derive(Debug, Serialize)]
struct Written {
    file: String,
    captures: String,
    files: u64,
    rows: u64,
    first_time: Option<String>,
    last_time: Option<String>,
    roles: Vec<Role>,
    columns: Vec<(String, String)>,
}

#[derive(Debug, Serialize)]
struct Role {
    /// A role, or a column to leave out.
    name: String,
    why: String,
}

pub(crate) fn run(common: &Common, args: &Init) -> anyhow::Result<u8> {
    let file = common.config.as_deref().unwrap_or(Path::new(config::DEFAULT));
    let exists = || anyhow!("`{}` exists; --force replaces it, --config names another", file.display());
    if !args.force && file.exists() {
        return Err(exists());
    }
    let captures = settings::named(&args.captures)?;
    let store = settings::store(Resources { threads: None, memory: 0 })?;
    let guess = monitor::guess(&store, &captures).context("init")?;
    let text = document(&in_file(file, &args.captures)?, &guess);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).create_new(!args.force);
    let written = options.open(file).and_then(|mut out| out.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists(),
        _ => anyhow::Error::new(error).context(format!("failed to write `{}`", file.display())),
    })?;
    let written = Written {
        file: file.display().to_string(),
        captures: captures.to_string(),
        files: guess.files,
        rows: guess.rows,
        first_time: guess.first_time.and_then(time::rfc3339),
        last_time: guess.last_time.and_then(time::rfc3339),
        roles: guess.reasons.into_iter().map(|(name, why)| Role { name, why }).collect(),
        columns: guess.columns,
    };
    print::result(common.format, &written, Written::text)?;
    Ok(exit::DONE)
}

/// A path as it is written into a file that may lie in another folder.
fn in_file(file: &Path, captures: &str) -> anyhow::Result<String> {
    let beside = file.parent().is_none_or(|folder| folder.as_os_str().is_empty());
    if beside || captures.contains("://") {
        return Ok(captures.to_owned());
    }
    let path = std::path::absolute(captures).context("failed to find the current folder")?;
    Ok(path.to_string_lossy().into_owned())
}

/// What can be said of captured requests and answers.
const RECORDS: &str = "\
[records]   # how captured requests and answers become columns
# names = [\"score\", \"age\"]   # of values without one, by their place, the answer's first; without this, the features of the baseline
# outputs = \"end\"   # where those of the answer stand among the names, if not at the start
# select = { age = \"input.customer.age\" }   # instead of all values, these, by JMESPath

";

/// What can be said of latency and errors.
const LATENCY: &str = "\
[latency]   # which answers are slow, and which are errors
# slow = 500.0   # answers above it, in the unit of the column; without this, above the 99th percentile of the baseline
# errors = [\"500\", \"timeout\"]   # values of the status that are errors; without this, numbers from 400 on

";

/// What can be said of predictions and labels: how right, for whom.
fn turned_out(guess: &Guess) -> String {
    let elsewhere = if guess.roles.label.is_some() {
        "labels that do not lie in the captures; without this, those in the column with the role `label`"
    } else {
        "where labels lie that come later; `label` under [roles] is their column"
    };
    let facet = guess.facets.first().map_or("COLUMN", String::as_str);
    let candidates = if guess.facets.is_empty() {
        String::new()
    } else {
        format!("; candidates: {}", list(&guess.facets))
    };
    format!(
        "\
[quality]   # how right predictions are; `driftscan list metrics` has the numbers
# problem = \"binary\"   # or multiclass, regression, ranking; without this, by the roles and the baseline's predictions
# positive = \"1\"   # the label that is positive; without this, 1 is, and 0 is negative
# threshold = 0.5   # probability from which on a record counts as predicted positive, where no prediction is named

[ground_truth]   # {elsewhere}
# captures = \"labels/\"   # joined by the id of predictions
# id = \"...\"   # column of that id, where it has another name than in the captures
# label = \"...\"   # column of the label, likewise
# arrived = \"...\"   # column of the time when a label came: of several for one id the last counts

# [[bias]]   # groups whose treatment is compared, as often as there are facets{candidates}
# facet = {}
# disadvantaged = [\"...\"]   # its values that make the group, or `above = 40` of a number; without both, each value against the others
# flip_test = [\"...\"]   # columns of numbers, of like units: whether the like of the group fare better elsewhere

",
        quote(facet)
    )
}

fn document(captures: &str, guess: &Guess) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "# Written by `driftscan init` after a look at {} with {}{}.",
        print::counted(guess.files, "file"),
        print::counted(guess.rows, "row"),
        span(guess)
    );
    text.push_str("# Roles are guesses from names and types: check them. Flags of the command line win over this file.\n\n");
    let name = captures.trim_end_matches(['/', '*']).rsplit('/').next().unwrap_or_default();
    let _ = writeln!(text, "[monitor]\nname = {}   # goes into every row of the results", quote(name));
    let _ = writeln!(text, "captures = {}   # relative paths are relative to this file", quote(captures));
    let documents =
        "   # or the folder of a job's statistics.json and constraints.json (SageMaker Model Monitor)";
    let _ = writeln!(text, "baseline = \"baseline/\"{}", if guess.captured { documents } else { "" });
    text.push_str("results = \"results/\"\n\n");
    if guess.captured {
        text.push_str(RECORDS);
    }
    text.push_str("[roles]   # every other column is a feature\n");
    let roles = &guess.roles;
    for (role, column) in [
        ("timestamp", &roles.timestamp),
        ("id", &roles.id),
        ("prediction", &roles.prediction),
        ("probability", &roles.probability),
        ("label", &roles.label),
        ("latency", &roles.latency),
        ("status", &roles.status),
    ] {
        let _ = match column {
            Some(column) => writeln!(text, "{role} = {}{}", quote(column), why(guess, role)),
            None => writeln!(text, "# {role} = \"...\"   # no column looks like it"),
        };
    }
    let _ = writeln!(text, "ignore = {}", list(&roles.ignore));
    for column in &roles.ignore {
        let _ = writeln!(text, "# {}{}", print::plain(column), why(guess, column).replace('#', ":"));
    }
    text.push_str("\n[windows]\nevery = \"1d\"   # 1h, 2h, 3h, 4h, 6h, 8h, 12h, 1d, 1w or 1mo\n");
    text.push_str("timezone = \"UTC\"   # of days, and of timestamps without a zone\n\n");
    if roles.latency.is_some() || roles.status.is_some() {
        text.push_str(LATENCY);
    }
    if roles.label.is_some() || roles.prediction.is_some() || roles.probability.is_some() {
        text.push_str(&turned_out(guess));
    }
    text.push_str("[segments]   # groups that are monitored on their own too\n");
    let _ = writeln!(text, "by = []   # candidates: {}", list(&guess.segments));
    text.push_str("\n# Columns found:\n");
    for (name, data_type) in &guess.columns {
        let _ = writeln!(text, "#   {}: {}", print::plain(name), print::plain(data_type));
    }
    text
}

fn why(guess: &Guess, name: &str) -> String {
    let why = guess.reasons.iter().find(|(known, _)| known == name);
    why.map(|(_, why)| format!("   # {}", print::plain(why))).unwrap_or_default()
}

fn span(guess: &Guess) -> String {
    match (guess.first_time.and_then(time::rfc3339), guess.last_time.and_then(time::rfc3339)) {
        (Some(first), Some(last)) => format!(", {first} to {last}"),
        _ => String::new(),
    }
}

/// JSON strings are TOML strings, but for one control character.
fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007F")
}

fn list(names: &[String]) -> String {
    format!("[{}]", names.iter().map(|name| quote(name)).collect::<Vec<_>>().join(", "))
}

impl Written {
    fn text(&self) -> String {
        let mut text = format!(
            "{}: written after a look at {} with {}\n\n",
            print::plain(&self.file),
            print::counted(self.files, "file"),
            print::counted(self.rows, "row")
        );
        let roles = self.roles.iter().map(|role| vec![role.name.clone(), role.why.clone()]);
        text.push_str(&print::table(&["guessed", "because"], roles));
        let config = match self.file.as_str() {
            config::DEFAULT => String::new(),
            other => format!(" --config {}", print::quoted(other)),
        };
        let (program, captures) = (program(), print::quoted(&self.captures));
        let range = self.range();
        let _ = writeln!(text, "\nnext: check the roles in it, then");
        let _ =
            writeln!(text, "  {program} baseline {captures}{config}{range}   # or any folder of good data");
        let _ = writeln!(text, "  {program} backfill{config}");
        text
    }

    /// The first quarter or so as the baseline, where the times are known.
    fn range(&self) -> String {
        let parse =
            |time: &Option<String>| time.as_ref().and_then(|time| time.parse::<jiff::Timestamp>().ok());
        let (Some(first), Some(last)) = (parse(&self.first_time), parse(&self.last_time)) else {
            return String::new();
        };
        let end = first.as_microsecond() + (last.as_microsecond() - first.as_microsecond()) / 4;
        let date = |time: jiff::Timestamp| time.to_zoned(TimeZone::UTC).date();
        match jiff::Timestamp::from_microsecond(end).map(date) {
            Ok(end) if end > date(first) => format!(" --to {end}"),
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn what_is_written_can_be_read() {
        let mut guess = Guess::default();
        guess.roles.timestamp = Some("a \"b\"\n\u{7f}".to_owned());
        guess.roles.ignore = vec!["x\ny".to_owned()];
        guess.reasons = vec![("timestamp".to_owned(), "its name\nsays so".to_owned())];
        guess.columns = vec![("x\ny".to_owned(), "Utf8".to_owned())];
        guess.captured = true;
        guess.roles.label = Some("y".to_owned());
        guess.facets = vec!["se\nx".to_owned()];
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("driftscan.toml");
        std::fs::write(&file, document("s3://b/flights/*", &guess)).unwrap();
        let config = Config::load(Some(&file)).unwrap();
        assert_eq!(config.roles.timestamp, guess.roles.timestamp);
        assert!(config.bias.is_empty() && config.ground_truth.captures.is_none());
        let examples = std::fs::read_to_string(&file)
            .unwrap()
            .replace("# [[bias]]", "[[bias]]")
            .replace("# facet", "facet");
        assert_eq!(Config::parse(&examples).unwrap().bias[0].facet, "se\nx");
        assert_eq!(config.roles.ignore, guess.roles.ignore);
        assert_eq!(config.monitor.name.as_deref(), Some("flights"));
    }
}
