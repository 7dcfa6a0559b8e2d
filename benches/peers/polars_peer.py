"""Polars: the streaming engine for *basic*, a few days at a time; a sort of each column for *full*, a day at a time.

Bins are counted as sums of `x >= edge`; `cut`, `hist` and a search among the edges took three to five times the CPU
time. With sorted columns quantiles and distinct values are exact and took less than `quantile` with `approx_n_unique`.
"""

import os
from concurrent.futures import ThreadPoolExecutor

from peer import QUANTILES, Results, Task

TASK = Task()
os.environ["POLARS_MAX_THREADS"] = str(TASK.threads)  # read when Polars is imported

import polars  # noqa: E402


def captures(day):
    """One day, not read yet."""
    return polars.scan_parquet(day[1], hive_partitioning=False)


def cleaned(name, about):
    """The column with NaN as null."""
    return wide(name, about).fill_nan(None) if about["floating"] else polars.col(name)


def wide(name, about):
    """The column with float32 as float64: its mean would be a float32, and so would an edge it is compared with."""
    return polars.col(name).cast(polars.Float64) if about["floating"] else polars.col(name)


def basic(name, about):
    """All basic statistics of a numeric column; NaN passes every edge, as it is greater than all numbers here."""
    raw, x = wide(name, about), cleaned(name, about)
    nan = raw.is_nan().sum() if about["floating"] else polars.lit(0)
    parts = [raw.null_count(), nan, raw.min(), raw.max(), x.mean(), x.var(ddof=0)]
    return numbered(name, parts + [(raw >= edge).sum() for edge in about["edges"]])


def numbered(name, parts):
    """Expressions under names of their own."""
    return [part.alias(f"{name}:{position}") for position, part in enumerate(parts)]


def categories(day):
    """Counts by category."""
    return [captures(day).group_by(name).len() for name in TASK.categorical]


def record_categories(results, day, frames):
    """Enters the counts of one day."""
    for name, frame in zip(TASK.categorical, frames):
        results.categorical(day[0], name, dict(zip(frame[name].to_list(), frame["len"].to_list())))
        if TASK.full:
            results.sketched(day[0], name, len(frame) - (frame[name].null_count() > 0), ())


def run_basic(results):
    """Basic statistics, of as many days at a time as there are threads; memory grows with the days."""
    numeric = [part for name, about in TASK.numeric.items() for part in basic(name, about)]
    for first in range(0, len(TASK.days), TASK.threads):
        days = TASK.days[first : first + TASK.threads]
        queries = [[captures(day).select(polars.len(), *numeric), *categories(day)] for day in days]
        frames = iter(polars.collect_all(sum(queries, []), engine="streaming"))
        for day in days:
            record_numeric(results, day, next(frames).row(0))
            record_categories(results, day, [next(frames) for _ in TASK.categorical])


def record_numeric(results, day, row):
    """Enters the basic statistics of one day."""
    rows, *values = row
    values = iter(values)
    for name, about in TASK.numeric.items():
        nulls, nan, low, high, mean, variance = (next(values) for _ in range(6))
        at_least = [next(values) - nan for _ in about["edges"]]
        results.numeric(day[0], name, rows, nulls, nan, low, high, mean, variance, at_least)


def of_sorted(column, about):
    """All statistics of one column of one day; the sort leaves the other threads to other columns."""
    nulls = column.null_count()
    if about["floating"]:
        column = column.fill_nan(None).cast(polars.Float64)
    rows, gone = len(column), column.null_count()
    column = column.drop_nulls().sort(multithreaded=False)
    count = len(column)
    low, high = (column[0], column[-1]) if count else (None, None)
    at_least = (count - first for first in column.search_sorted(polars.Series(about["edges"])))
    basic_statistics = (rows, nulls, gone - nulls, low, high, column.mean(), column.var(ddof=0), at_least)
    ranks = [round(share * (count - 1)) for share in QUANTILES] if count else []
    return basic_statistics, column.n_unique(), column.gather(ranks).to_list()


def run_full(results):
    """All statistics, a day at a time."""
    with ThreadPoolExecutor(TASK.threads) as pool:
        for day in TASK.days:
            frame = captures(day).select(list(TASK.numeric)).collect()
            columns = pool.map(of_sorted, frame.get_columns(), TASK.numeric.values())
            for name, (basic_statistics, distinct, quantiles) in zip(TASK.numeric, columns):
                results.numeric(day[0], name, *basic_statistics)
                results.sketched(day[0], name, distinct, quantiles)
            record_categories(results, day, polars.collect_all(categories(day), engine="streaming"))


def main():
    """Runs the task."""
    results = Results()
    (run_full if TASK.full else run_basic)(results)
    polars.DataFrame(results.columns()).write_parquet(TASK.out)


if __name__ == "__main__":
    main()
