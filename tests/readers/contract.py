"""The result tables as they are promised: column names and types, in order; `?` marks columns that may be null.

Written by hand, and not from the program, so that a column that changes by accident is found here.
"""

KEYS = "monitor str, window_start time, window_end time, segment str?, "

TABLES = {
    "windows": KEYS
    + "status str, rows i64, baseline_rows i64, files i64, violations i64, features_drifted i64, reason str?",
    "scores": KEYS
    + "feature str?, family str, metric str, method str, value f64?, error_bound f64?, standard_error f64?, baseline_value f64?, "
    + "threshold f64?, comparison str?, expected_without_drift f64?, p_value f64?, q_value f64?, "
    + "rows i64, baseline_rows i64, status str, reason str?",
    "violations": KEYS
    + "feature str?, family str, check str, metric str, value f64?, threshold f64?, comparison str?, "
    + "baseline_value f64?, severity str, rows i64, description str, top_contributions contributions, "
    + "sources strs, top_bin str?, top_contribution f64?, first_source str?, features strs",
    "histograms": KEYS
    + "feature str, bin i32, label str, lower f64?, upper f64?, baseline_rows i64, rows i64, "
    + "baseline_ratio f64, ratio f64",
    "features": KEYS
    + "feature str, rows i64, nulls i64, nans i64, infinities i64, zeros i64, negatives i64, "
    + "min f64?, max f64?, mean f64?, std_dev f64?, p01 f64?, p05 f64?, p10 f64?, p25 f64?, p50 f64?, p75 f64?, "
    + "p90 f64?, p95 f64?, p99 f64?, distinct i64, top_value str?, inferred_type str",
    "curves": KEYS
    + "class str?, threshold f64?, rows i64, true_positive_rate f64, false_positive_rate f64, precision f64, "
    + "baseline_true_positive_rate f64?, baseline_false_positive_rate f64?, baseline_precision f64?",
    "confusion": KEYS + "label str, prediction str, baseline_rows i64, rows i64",
    "sources": "path str, etag str?, bytes i64, rows i64, rows_without_time i64, bad_lines i64, first_time time?, last_time time?, "
    + "status str, reason str?",
    "profiles": KEYS
    + "source str, version str, spec str, feature str, known bool, rows i64, format i64, profile bytes",
    "outcomes": KEYS + "source str, version str, spec str, format i64, outcomes bytes",
    "runs": "started time, ended time, host str, version str, options str, windows i64, sources i64, rows i64, "
    + "violations i64, status str",
}

# Tables with a folder for each date.
DATED = ["windows", "scores", "violations", "histograms", "features", "curves", "confusion", "profiles", "outcomes"]

VALUES = {
    ("windows", "status"): {"completed", "completed_with_violations", "no_data", "failed"},
    ("scores", "status"): {
        "ok", "violated", "insufficient_rows", "empty", "constant", "type_changed", "not_comparable",
    },
    ("scores", "family"): {
        "drift", "data_quality", "model_quality", "concept", "bias", "attribution", "latency",
    },
    ("scores", "comparison"): {"above", "below", None},
    ("violations", "severity"): {"warning", "violation"},
    ("violations", "check"): {
        "volume", "missing_column", "extra_column", "data_type", "completeness", "categorical_values", "range",
        "non_negative", "baseline_drift", "label_against_score", "model_quality", "concept_drift", "bias_drift",
        "attribution_drift", "slow_answers", "error_answers",
    },
    ("sources", "status"): {"profiled", "reused", "quarantined", "outside_range"},
}


def columns(table):
    """Names, types and whether they may be null, in order."""
    pairs = (column.split() for column in TABLES[table].split(", "))
    return [(name, kind.rstrip("?"), kind.endswith("?")) for name, kind in pairs]
