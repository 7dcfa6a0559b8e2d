"""DataFusion: a query a day for the numeric columns, and one for each categorical column.

Bins are counted as sums of CASE: `FILTER` took five times the CPU time. Exact quantiles from a sorted array of the
day's values took a third of `approx_percentile_cont`, and an exact distinct count less than `approx_distinct`, which
takes no floats and so pays for a cast to text.
"""

import os
from concurrent.futures import ThreadPoolExecutor

from peer import QUANTILES, Results, Task

TASK = Task()
os.environ["TOKIO_WORKER_THREADS"] = str(TASK.threads)  # read when the runtime is made

import pyarrow  # noqa: E402
from datafusion import SessionConfig, SessionContext  # noqa: E402
from pyarrow import parquet  # noqa: E402


def cleaned(name, about):
    """The column with NaN as null."""
    return f'(CASE WHEN isnan("{name}") THEN NULL ELSE "{name}" END)' if about["floating"] else f'"{name}"'


def parts_of(position, name, about):
    """Inner and outer expressions of a numeric column; the inner ones are the column with and without NaN."""
    raw, x = f"r{position}", f"x{position}"
    off_centre = f"({x} - {about['centre']!r})"
    outer = [f"count({raw})", f"count({x})", f"min({x})", f"max({x})", f"sum({off_centre})"]
    outer += [f"sum({off_centre} * {off_centre})"]
    outer += [f"sum(CASE WHEN {x} >= {edge!r} THEN 1 ELSE 0 END)" for edge in about["edges"]]
    return [f'"{name}" AS {raw}', f"{cleaned(name, about)} AS {x}"], outer


def one_row(context, query):
    """The only row of a query, as a list."""
    table = pyarrow.Table.from_batches(context.sql(query).collect())
    return [column[0].as_py() for column in table.columns]


def numbered(parts):
    """A list for SELECT, under names of their own."""
    return ", ".join(f"{part} AS c{position}" for position, part in enumerate(parts))


def sketched(context, table, day, results):
    """Distinct values and quantiles, four columns at a time: with all at once memory grows threefold."""
    columns = list(TASK.numeric.items())
    for first in range(0, len(columns), 4):
        inner, outer = [], []
        for position, (name, about) in enumerate(columns[first : first + 4]):
            x = cleaned(name, about)
            inner += [f"array_sort(array_agg({x}), 'ASC', 'NULLS LAST') AS a{position}", f"count({x}) AS n{position}"]
            # 0.0 and -0.0 count as two values, unless 0.0 is added.
            inner += [f"count(DISTINCT {x + ' + 0.0' if about['floating'] else x}) AS d{position}"]
            outer += [f"d{position}"]
            outer += [f"a{position}[CAST(round(1 + {share} * (n{position} - 1)) AS BIGINT)]" for share in QUANTILES]
        values = iter(one_row(context, f"SELECT {numbered(outer)} FROM (SELECT {', '.join(inner)} FROM {table})"))
        for name, _ in columns[first : first + 4]:
            results.sketched(day, name, next(values), [next(values) for _ in QUANTILES])


def numeric(context, table, day, results):
    """The numeric columns of one day."""
    inner, outer = [], ["count(*)"]
    for position, (name, about) in enumerate(TASK.numeric.items()):
        more = parts_of(position, name, about)
        inner += more[0]
        outer += more[1]
    rows, *values = one_row(context, f"SELECT {numbered(outer)} FROM (SELECT {', '.join(inner)} FROM {table})")
    values = iter(values)
    for name, about in TASK.numeric.items():
        valid, count, low, high, total, squares = (next(values) for _ in range(6))
        at_least = [next(values) or 0 for _ in about["edges"]]
        mean = variance = None
        if count:
            offset = total / count
            mean, variance = about["centre"] + offset, squares / count - offset * offset
        results.numeric(day, name, rows, rows - valid, valid - count, low, high, mean, variance, at_least)


def categorical(context, table, day, results):
    """The categorical columns of one day."""
    for name in TASK.categorical:
        batches = context.sql(f'SELECT "{name}", count(*) FROM {table} GROUP BY "{name}"').collect()
        names, counts = (column.to_pylist() for column in pyarrow.Table.from_batches(batches).columns)
        results.categorical(day, name, dict(zip(names, counts)))
        if TASK.full:
            results.sketched(day, name, len(names) - (None in names), ())


def main():
    """Runs the task, as many days at a time as there are threads."""
    context = SessionContext(SessionConfig().with_target_partitions(TASK.threads))

    def one_day(numbered_day):
        position, (day, path) = numbered_day
        table, results = f"day{position}", Results()
        context.register_parquet(table, path)
        numeric(context, table, day, results)
        categorical(context, table, day, results)
        if TASK.full:
            sketched(context, table, day, results)
        return pyarrow.table(results.columns())

    with ThreadPoolExecutor(TASK.threads) as pool:
        tables = list(pool.map(one_day, enumerate(TASK.days)))
    parquet.write_table(pyarrow.concat_tables(tables, promote_options="permissive"), TASK.out)


if __name__ == "__main__":
    main()
