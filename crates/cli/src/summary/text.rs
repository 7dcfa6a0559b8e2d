//! A summary that a person can read in ten seconds.

use std::fmt::Write as _;

use super::{Broken, Summary, WorstFeature, WorstWindow};
use crate::{print, size};

/// Remarks for each window, and features for each remark, that are named.
const NAMED: usize = 3;

impl Summary {
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        self.heading(&mut text);
        if !self.worst_windows.is_empty() {
            text.push_str("\nworst windows (rare and large breaches first; in brackets, in how many windows the same is broken)\n");
            text.push_str(&print::table(
                &["window", "#rows", "#violations", "most unusual"],
                self.worst_windows.iter().map(window_row),
            ));
        }
        if !self.worst_features.is_empty() {
            text.push_str("\nworst features (by windows broken)\n");
            text.push_str(&print::table(
                &["feature", "#violations", "#warnings", "since", "worst window", "worst value"],
                self.worst_features.iter().map(feature_row),
            ));
        }
        for note in &self.notes {
            let _ = writeln!(text, "\nnote: {}", print::plain(note));
        }
        if !self.next.is_empty() {
            text.push_str("\nnext:\n");
            for next in &self.next {
                let _ = writeln!(text, "  {}   # {}", next.command, next.about);
            }
        }
        text
    }

    fn heading(&self, text: &mut String) {
        let windows = &self.windows;
        let range = match (&windows.first, &windows.last) {
            (Some(first), Some(last)) => format!(", {first} to {last}"),
            _ => String::new(),
        };
        let state = if self.interrupted {
            "stopped before its end: what is written is whole; the same command goes on from there"
        } else {
            "done"
        };
        let _ = writeln!(text, "{}: {state}", print::plain(&self.results));
        let mut lines = vec![
            (
                "windows",
                format!("{} of {}{range} ({})", print::count(windows.count), windows.every, self.timezone),
            ),
            (
                "",
                format!(
                    "{} completed, {} with violations, {} without data, {} failed",
                    print::count(windows.completed),
                    print::count(windows.completed_with_violations),
                    print::count(windows.no_data),
                    print::count(windows.failed)
                ),
            ),
            (
                "found",
                format!(
                    "{}, {}",
                    print::counted(self.violations, "violation"),
                    print::counted(self.warnings, "warning")
                ),
            ),
            ("rows", self.rows()),
            ("files", self.files()),
        ];
        if let Some(quality) = &self.quality {
            lines.insert(3, ("quality", quality.text()));
        }
        if windows.written < windows.count {
            let rest = windows.count - windows.written;
            lines.insert(
                2,
                ("", format!("{} written, {} up to date", print::count(windows.written), print::count(rest))),
            );
        }
        if windows.of_segments > 0 {
            lines.insert(2, ("", format!("and {} of single segments", print::count(windows.of_segments))));
        }
        for group in &self.quarantined {
            let example = group.files.first().map(String::as_str).unwrap_or_default();
            let files = print::counted(group.files.len() as u64, "file");
            lines.push((
                "set aside",
                format!("{files}: {} (first: {})", print::plain(&group.reason), print::plain(example)),
            ));
        }
        for (name, line) in lines {
            let _ = writeln!(text, "  {name:<9}  {line}");
        }
    }

    fn rows(&self) -> String {
        let mut line = format!(
            "{}, compared with {} of the baseline",
            print::count(self.rows),
            print::count(self.baseline_rows)
        );
        if self.rows_without_time > 0 {
            let _ = write!(
                line,
                "; {} more without a readable time are in no window",
                print::count(self.rows_without_time)
            );
        }
        line
    }

    fn files(&self) -> String {
        let files = &self.files;
        let mut line = format!("{} read ({})", print::count(files.read), size::show(files.bytes));
        for (number, what) in [
            (files.reused, "not read again"),
            (files.changed, "of them changed"),
            (files.gone, "gone"),
            (files.outside_range, "outside the range"),
            (files.quarantined, "set aside"),
            (files.not_captures, "of another kind"),
        ] {
            if number > 0 {
                let _ = write!(line, ", {} {what}", print::count(number));
            }
        }
        line
    }
}

fn window_row(worst: &WorstWindow) -> Vec<String> {
    // Features that broke in the same way, such as all that one feed brings, share one remark.
    let mut remarks: Vec<(Vec<&str>, String)> = Vec::new();
    for broken in &worst.broken {
        let (name, remark) = (name(broken), remark(broken));
        match remarks.iter_mut().find(|(_, known)| *known == remark) {
            Some((names, _)) => names.push(name),
            None => remarks.push((vec![name], remark)),
        }
    }
    let named = remarks.into_iter().take(NAMED).map(|(names, remark)| format!("{} {remark}", listed(&names)));
    let named = named.collect::<Vec<_>>().join("; ");
    vec![worst.window.clone(), print::count(worst.rows), print::count(worst.violations), named]
}

/// The feature, or what stands for the window as a whole.
fn name(broken: &Broken) -> &str {
    broken.feature.as_deref().unwrap_or("all rows:")
}

/// `a, b, c +2`.
fn listed(names: &[&str]) -> String {
    let more = names.len().saturating_sub(NAMED);
    let shown = names[..names.len() - more].join(", ");
    if more > 0 { format!("{shown} +{more}") } else { shown }
}

/// `missing_ratio 0.695, baseline 0.019 [47]`.
fn remark(broken: &Broken) -> String {
    let mut text = short(broken.check, &broken.metric).to_owned();
    if let Some(value) = broken.value {
        let _ = write!(text, " {}", print::number(value));
    }
    if let Some(baseline) = broken.baseline_value {
        let _ = write!(text, " (baseline {})", print::number(baseline));
    }
    if let Some(segment) = &broken.segment {
        let _ = write!(text, " in {segment}");
    }
    let _ = write!(text, " [{}]", print::count(broken.windows));
    text
}

/// What the value is: the metric says it, unless it only counts rows.
fn short<'a>(check: &'a str, metric: &'a str) -> &'a str {
    if metric == "rows" { check } else { metric }
}

fn feature_row(feature: &WorstFeature) -> Vec<String> {
    let what = short(feature.check.unwrap_or_default(), feature.metric.as_deref().unwrap_or_default());
    vec![
        feature.feature.clone(),
        print::count(feature.violations),
        print::count(feature.warnings),
        feature.since.clone(),
        feature.worst_window.clone().unwrap_or_default(),
        format!("{what} {}", print::optional(feature.value)),
    ]
}
