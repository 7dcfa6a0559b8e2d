"""Holds the results of all engines against the reference, on some days and all columns; ends at the first mismatch.

`python check.py PLAN DAYS ENGINE:LEVEL=PATH...`; what each run promises is in `engines.py`.
"""

import json
import math
import sys

import pyarrow
from pyarrow import compute, parquet

import truth
from engines import DRIFTSCAN, PEERS
from peer import QUANTILES

RELATIVE = 1e-9
RUNS = {run.label: run for run in (DRIFTSCAN, *PEERS)}


class Mismatch(Exception):
    """What was found, and what should have been."""


class Results:
    """A result file: values by (feature, statistic, item) for each day that is looked at, rows for all days."""

    def __init__(self, path, days):
        table = parquet.read_table(path)
        rows = table.filter(compute.equal(table["statistic"], "rows")).to_pylist()
        self.rows = {(row["day"], row["feature"]): row["value"] for row in rows}
        table = table.filter(compute.is_in(table["day"], pyarrow.array(days, pyarrow.string())))
        self.values = {}
        for row in table.to_pylist():
            found = self.values.setdefault((row["day"], row["feature"]), {})
            found[row["statistic"], row["item"]] = row["value"]


def same(found, expected, name, tolerance=0.0):
    """Demands a number within a tolerance."""
    if found is None or not abs(found - expected) <= tolerance:
        raise Mismatch(f"{name} is {found!r}, expected {expected!r}")


def basic(found, expected):
    """Everything but distinct values and quantiles: exact, mean and variance to 1e-9."""
    deviation = math.sqrt(expected.get(("variance", None), 0.0))
    for (statistic, item), value in expected.items():
        name = statistic if item is None else f"{statistic} {item}"
        if statistic in ("mean", "variance"):
            # A mean of almost nothing is known to a share of the deviation, not of itself.
            same(found.get((statistic, item)), value, name, max(RELATIVE * abs(value), 1e-12 * deviation))
        elif statistic != "distinct" and (statistic != "category" or ("other_categories", None) not in found):
            same(found.get((statistic, item)), value, name)
    for statistic, item in found:
        if statistic in ("bin", "category") and (statistic, item) not in expected and found[statistic, item]:
            raise Mismatch(f"{statistic} {item} is {found[statistic, item]!r}, expected none")


def listed_categories(found, expected):
    """Names that are listed one by one, and the sum of the others."""
    listed = {item for statistic, item in found if statistic == "category"}
    for item in listed:
        same(found["category", item], expected.get(("category", item), 0), f"category {item}")
    others = sum(
        count for (statistic, item), count in expected.items() if statistic == "category" and item not in listed
    )
    same(found["other_categories", None], others, "other_categories")


def full(found, expected, values, run):
    """Distinct values and quantiles; returns the relative error of the one and the worst error in rank of the others."""
    distinct = expected["distinct", None]
    same(found.get(("distinct", None)), distinct, "distinct", run.distinct * distinct)
    worst, count = 0.0, len(values)
    for share in QUANTILES if count else ():
        value, rank, slack = found.get(("quantile", repr(share))), share * (count - 1), run.rank * count
        low, high = values[max(math.floor(rank - slack), 0)], values[min(math.ceil(rank + slack), count - 1)]
        if value is None or not low <= value <= high:
            raise Mismatch(f"quantile {share} is {value!r}, expected {float(low)!r} to {float(high)!r}")
        below, up_to = values.searchsorted(value, "left"), values.searchsorted(value, "right") - 1
        worst = max(worst, (below - rank) / count, (rank - up_to) / count)
    return abs(found["distinct", None] - distinct) / max(distinct, 1), worst


def column_of(path, name):
    """One column of one day."""
    return parquet.read_table(path, columns=[name], partitioning=None)[name].combine_chunks()


def check_day(plan, day, path, all_results, worst):
    """All columns of one day."""
    for name in [*plan["numeric"], *plan["categorical"]]:
        if name in plan["numeric"]:
            expected, values = truth.numeric(column_of(path, name), plan["numeric"][name]["edges"])
        else:
            expected, values = truth.categorical(column_of(path, name)), ()
        for label, results in all_results.items():
            found = results.values.get((day, name), {})
            try:
                basic(found, expected)
                if ("other_categories", None) in found:
                    listed_categories(found, expected)
                if RUNS[label].level != "basic":
                    errors = full(found, expected, values, RUNS[label])
                    worst[label] = [max(pair) for pair in zip(errors, worst.get(label, (0.0, 0.0)))]
            except Mismatch as mismatch:
                raise SystemExit(f"error: {label}: {name} on {day}: {mismatch}") from None


def check_rows(plan, all_results):
    """Rows of all days and columns, so that no engine leaves a day out."""
    for day, path in plan["days"]:
        rows = parquet.read_metadata(path).num_rows
        for label, results in all_results.items():
            for name in [*plan["numeric"], *plan["categorical"]]:
                if (found := results.rows.get((day, name))) != rows:
                    raise SystemExit(f"error: {label}: {name} on {day}: rows is {found!r}, expected {rows!r}")


def main():
    """Checks, and says on standard error how far off the inexact numbers were."""
    plan_path, count, *pairs = sys.argv[1:]
    with open(plan_path, encoding="utf-8") as file:
        plan = json.load(file)
    days = plan["days"]
    step = max(len(days) - 1, 1) / max(int(count) - 1, 1)
    chosen = [days[place] for place in sorted({min(round(step * place), len(days) - 1) for place in range(int(count))})]
    all_results, worst = {}, {}
    for pair in pairs:
        label, path = pair.split("=", 1)
        all_results[label] = Results(path, [day for day, _ in chosen])
    check_rows(plan, all_results)
    for day, path in chosen:
        check_day(plan, day, path, all_results, worst)
    columns = len(plan["numeric"]) + len(plan["categorical"])
    print(f"equal on {len(chosen)} days x {columns} columns; worst errors:", file=sys.stderr)
    for label, (distinct, rank) in worst.items():
        print(f"  {label:18} distinct {distinct:.2%}, quantiles {rank:.3%} in rank", file=sys.stderr)


if __name__ == "__main__":
    main()
