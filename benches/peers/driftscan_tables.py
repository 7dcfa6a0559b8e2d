"""driftscan's own tables in the long form of the peers, for the check.

`python driftscan_tables.py RESULTS OUT`. Names that its `histograms` does not list one by one (there are at most 100)
are counted together, as the statistic `other_categories`.
"""

import sys

import pyarrow
from pyarrow import dataset, parquet

from peer import QUANTILES, Results

DIRECT = ("rows", "nulls", "min", "max", "mean", "distinct")


def rows_of(results, table):
    """All rows of a result table, each with the date on which its window starts."""
    rows = dataset.dataset(f"{results}/{table}", format="parquet").to_table().to_pylist()
    rows.sort(key=lambda row: (row["window_start"], row["feature"], row.get("bin", 0)))
    for row in rows:
        row["day"] = row["window_start"].date().isoformat()
    return rows


def describe(long, row, numeric):
    """One row of `features`."""
    for statistic in DIRECT:
        long.add(row["day"], row["feature"], statistic, row[statistic])
    if numeric:
        long.add(row["day"], row["feature"], "nan", row["nans"])
        if row["std_dev"] is not None:
            long.add(row["day"], row["feature"], "variance", row["std_dev"] ** 2)
        for share in QUANTILES:
            long.add(row["day"], row["feature"], "quantile", row[f"p{round(share * 100):02d}"], repr(share))


def main():
    """Writes the result file."""
    results, out = sys.argv[1:]
    long, others, position = Results(), {}, {}
    bins = rows_of(results, "histograms")
    numeric = {row["feature"] for row in bins if row["lower"] is not None}
    for row in bins:
        key = row["day"], row["feature"]
        if row["feature"] in numeric:
            if (row["lower"], row["upper"]) != (None, None):
                long.add(*key, "bin", row["rows"], str(position.setdefault(key, 0)))
                position[key] += 1
        elif not row["label"].startswith("("):
            long.add(*key, "category", row["rows"], row["label"])
        elif row["label"] != "(null)":
            others[key] = others.get(key, 0) + row["rows"]
    for row in rows_of(results, "features"):
        describe(long, row, row["feature"] in numeric)
        if row["feature"] not in numeric:
            key = row["day"], row["feature"]
            long.add(*key, "other_categories", others.get(key, 0))
    parquet.write_table(pyarrow.table(long.columns()), out)


if __name__ == "__main__":
    main()
