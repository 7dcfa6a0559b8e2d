//! The result tables and their columns, for people who look them up.

/// A result table.
#[derive(Debug)]
pub struct Table {
    /// Name of its folder.
    pub name: &'static str,
    /// What a row is.
    pub about: &'static str,
    /// Its columns, in order.
    pub columns: &'static [Column],
}

/// A column of a result table.
#[derive(Debug)]
pub struct Column {
    /// Name.
    pub name: &'static str,
    /// Type; `?` marks columns that may be null, which means "does not apply".
    pub data_type: &'static str,
    /// What it holds.
    pub about: &'static str,
}

const fn column(name: &'static str, data_type: &'static str, about: &'static str) -> Column {
    Column { name, data_type, about }
}

const MONITOR: Column = column("monitor", "text", "name of the monitor");
const START: Column = column("window_start", "timestamp UTC", "start of the window (inclusive)");
const END: Column = column("window_end", "timestamp UTC", "end of the window (exclusive)");
const SEGMENT: Column = column("segment", "text?", "segment, as `origin=JFK`; null for all rows");
const FEATURE: Column = column("feature", "text", "column; members of structs are dotted");

/// All result tables.
pub const TABLES: &[Table] = &[
    Table {
        name: "windows",
        about: "one row a window and segment",
        columns: &[
            MONITOR,
            START,
            END,
            SEGMENT,
            column("status", "text", "completed, completed_with_violations, no_data or failed"),
            column("rows", "int64", "records in the window"),
            column("baseline_rows", "int64", "records of the baseline it is compared with"),
            column("files", "int64", "captures with a record in it"),
            column("violations", "int64", "constraints found broken, warnings included"),
            column("features_drifted", "int64", "features whose deciding drift score alarmed"),
            column("reason", "text?", "why it failed, or what is odd about it"),
        ],
    },
    Table {
        name: "scores",
        about: "every number computed, in long form",
        columns: &[
            MONITOR,
            START,
            END,
            SEGMENT,
            column("feature", "text?", "column; null for the window as a whole"),
            column(
                "family",
                "text",
                "drift, data_quality, model_quality, concept, bias, attribution or latency",
            ),
            column("metric", "text", "name of the metric, see `driftscan list metrics`"),
            column("method", "text", "all that is needed to get the number again"),
            column("value", "double?", "the number; null where `status` says why"),
            column("error_bound", "double?", "how far it may be from that of the exact values; 0 is exact"),
            column(
                "standard_error",
                "double?",
                "its standard error as an estimate of what as many other rows would give",
            ),
            column("baseline_value", "double?", "the same number on the baseline"),
            column("threshold", "double?", "threshold of a violation, where the score is judged"),
            column("comparison", "text?", "side of the threshold that breaks it: above or below"),
            column("expected_without_drift", "double?", "the number to expect by chance at these row counts"),
            column("p_value", "double?", "chance of such a number, or a more extreme one, without drift"),
            column(
                "q_value",
                "double?",
                "p-value after Benjamini-Hochberg over the judged scores of the window",
            ),
            column("rows", "int64", "rows of the window that the number is computed from"),
            column("baseline_rows", "int64", "rows of the baseline that it is computed from"),
            column(
                "status",
                "text",
                "ok, violated, insufficient_rows, empty, constant, type_changed, not_comparable",
            ),
            column(
                "reason",
                "text?",
                "why there is no number, or what was left out of it, where that is known",
            ),
        ],
    },
    Table {
        name: "violations",
        about: "one row per constraint found broken",
        columns: &[
            MONITOR,
            START,
            END,
            SEGMENT,
            column("feature", "text?", "column, the first of `features`; null for the window as a whole"),
            column(
                "family",
                "text",
                "that of the score: drift, data_quality, model_quality, concept, bias, attribution or latency",
            ),
            column("check", "text", "name of the check, see `driftscan list checks`"),
            column("metric", "text", "metric whose value broke it"),
            column("value", "double?", "the value"),
            column("threshold", "double?", "the threshold of a violation"),
            column("comparison", "text?", "side of the threshold that breaks it: above or below"),
            column("baseline_value", "double?", "the same number on the baseline"),
            column("severity", "text", "warning (real but small) or violation (beyond the threshold too)"),
            column("rows", "int64", "rows of the window that the value is computed from"),
            column("description", "text", "one sentence for people"),
            column(
                "top_contributions",
                "list<struct>",
                "bins that moved most: bin, baseline_ratio, ratio, contribution",
            ),
            column("sources", "list<text>", "captures that hold the offending rows, the first five"),
            column("top_bin", "text?", "the first of top_contributions"),
            column("top_contribution", "double?", "its contribution"),
            column("first_source", "text?", "the first of sources"),
            column(
                "features",
                "list<text>",
                "all columns that broke at once: one, but for `data_type`, where those with as many bad values in the same captures are one row (`scores` has each)",
            ),
        ],
    },
    Table {
        name: "histograms",
        about: "what a chart needs: one row a bin",
        columns: &[
            MONITOR,
            START,
            END,
            SEGMENT,
            FEATURE,
            column("bin", "int32", "position of the bin"),
            column("label", "text", "label of the bin; fixed bins like (null) are in brackets"),
            column("lower", "double?", "lower edge (inclusive)"),
            column("upper", "double?", "upper edge (exclusive)"),
            column("baseline_rows", "int64", "rows of the baseline in it"),
            column("rows", "int64", "rows of the window in it"),
            column("baseline_ratio", "double", "share of all rows of the baseline, 0 to 1"),
            column("ratio", "double", "share of all rows of the window, 0 to 1"),
        ],
    },
    Table {
        name: "curves",
        about: "ROC and precision-recall charts: one row a threshold, about 100 a window with labels and probabilities",
        columns: &[
            MONITOR,
            START,
            END,
            SEGMENT,
            column("class", "text?", "class against all others, of several; null where there are two"),
            column("threshold", "double?", "positive from this probability on; null where nothing is"),
            column("rows", "int64", "labelled rows that are decided positive"),
            column("true_positive_rate", "double", "share of the positives among them: recall, 0 to 1"),
            column("false_positive_rate", "double", "share of the negatives among them, 0 to 1"),
            column("precision", "double", "share of them that is positive, 0 to 1; 1 where there are none"),
            column("baseline_true_positive_rate", "double?", "the same of the baseline at this threshold"),
            column("baseline_false_positive_rate", "double?", "the same of the baseline at this threshold"),
            column("baseline_precision", "double?", "the same of the baseline at this threshold"),
        ],
    },
    Table {
        name: "confusion",
        about: "one row a label and prediction, of classes",
        columns: &[
            MONITOR,
            START,
            END,
            SEGMENT,
            column(
                "label",
                "text",
                "class of the label: of two, positive or negative; (other) beyond 256 names",
            ),
            column("prediction", "text", "predicted class, likewise"),
            column("baseline_rows", "int64", "rows of the baseline with both"),
            column("rows", "int64", "rows of the window with both"),
        ],
    },
    Table {
        name: "features",
        about: "one row a window, segment and feature",
        columns: &[
            MONITOR,
            START,
            END,
            SEGMENT,
            FEATURE,
            column("rows", "int64", "rows (for values of lists: items)"),
            column("nulls", "int64", "rows without a value"),
            column("nans", "int64", "IEEE NaN"),
            column("infinities", "int64", "plus and minus infinity"),
            column("zeros", "int64", "values equal to zero; for text, of length zero"),
            column("negatives", "int64", "values below zero"),
            column("min", "double?", "smallest value; times are seconds since 1970"),
            column("max", "double?", "largest value"),
            column("mean", "double?", "arithmetic mean"),
            column("std_dev", "double?", "population standard deviation"),
            column(
                "p01 ... p99",
                "double?",
                "quantiles at 1, 5, 10, 25, 50, 75, 90, 95 and 99 per cent, within the width of a slot (wide outside the baseline's range)",
            ),
            column("distinct", "int64", "different values (HyperLogLog, 1.6 % standard error)"),
            column("top_value", "text?", "most frequent value, where one is singled out"),
            column("inferred_type", "text", "Integral, Fractional, String or Unknown"),
        ],
    },
    Table {
        name: "sources",
        about: "one row a capture file",
        columns: &[
            column("path", "text", "full path"),
            column("etag", "text?", "what the store calls this version of it"),
            column("bytes", "int64", "size"),
            column("rows", "int64", "rows in it"),
            column(
                "rows_without_time",
                "int64",
                "rows whose time is null or unreadable; they are in no window",
            ),
            column(
                "bad_lines",
                "int64",
                "lines that are no records and were left out; `reason` says why and quotes the first three",
            ),
            column("first_time", "timestamp UTC?", "earliest time in it"),
            column("last_time", "timestamp UTC?", "latest time in it"),
            column("status", "text", "profiled, reused (by an earlier run), quarantined or outside_range"),
            column("reason", "text?", "why"),
        ],
    },
    Table {
        name: "profiles",
        about: "the mergeable state behind all other tables: one row a source, window, segment and feature; `rescore` and later runs read it",
        columns: &[
            MONITOR,
            START,
            END,
            SEGMENT,
            column("source", "text", "the capture: absolute path or URL"),
            column("version", "text", "its entity tag, or its size and time of change"),
            column("spec", "text", "digest of the bins, roles and format it was counted under"),
            FEATURE,
            column("known", "boolean", "whether the baseline has the feature"),
            column("rows", "int64", "records of the source in the window and segment"),
            column("format", "int64", "version of the bytes"),
            column("profile", "binary", "the summary"),
        ],
    },
    Table {
        name: "runs",
        about: "one row per run of the program (runs.parquet), the only table with the wall clock",
        columns: &[
            column("started", "timestamp UTC", "when it started"),
            column("ended", "timestamp UTC", "when it ended"),
            column("host", "text", "machine"),
            column("version", "text", "version of the program"),
            column("options", "text", "command and options"),
            column("windows", "int64", "windows written"),
            column("sources", "int64", "captures read"),
            column("rows", "int64", "rows read"),
            column("violations", "int64", "violations found"),
            column("status", "text", "completed or interrupted"),
        ],
    },
];
