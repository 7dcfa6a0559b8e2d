"""A window in memory for the monitoring libraries, and how their repeated runs are timed."""

import json
import sys
import time

from pyarrow import parquet


def arguments(argv=None):
    """`python x_library.py PLAN ROWS ROUNDS`: the plan, rows of a window, timed runs."""
    plan_path, rows, rounds = (argv or sys.argv)[1:4]
    with open(plan_path, encoding="utf-8") as file:
        return json.load(file), int(rows), int(rounds)


def window(plan, day, rows):
    """The first rows of a day as a pandas frame of the monitored columns."""
    columns = [*plan["numeric"], *plan["categorical"]]
    with parquet.ParquetFile(plan["days"][day][1]) as file:
        return next(file.iter_batches(rows, columns=columns)).to_pandas()


def seconds_of(run, rounds):
    """Wall seconds of each run, after one that is dropped."""
    run()
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return seconds
