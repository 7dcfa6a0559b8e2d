"""What every peer process shares: its arguments, the plan, and the long form of its results.

Standard library only, so that no peer pays for the imports of another.
"""

import json
import sys

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


class Task:
    """One run of a peer: `python x_peer.py PLAN LEVEL OUT`, where LEVEL is basic, full or full-approx.

    full         whether distinct values and quantiles are wanted
    approximate  whether the engine's own estimate of distinct values will do
    days         (name, path of the Parquet file) of each day
    partition    name of the column that the day's folder stands for, as in `day=2026-01-01`
    numeric      name of each numeric column -> edges (inner ones, ascending), centre (the middle edge) and
                 floating (whether NaN can occur)
    categorical  names of the categorical columns
    threads      threads that the engine may use
    """

    def __init__(self, argv=None):
        plan_path, level, self.out = (argv or sys.argv)[1:4]
        with open(plan_path, encoding="utf-8") as file:
            plan = json.load(file)
        self.full = level != "basic"
        self.approximate = level == "full-approx"
        self.days = [tuple(day) for day in plan["days"]]
        self.partition = plan["partition"]
        self.numeric = plan["numeric"]
        self.categorical = plan["categorical"]
        self.threads = plan["threads"]


class Results:
    """Results in long form: one row for each day, feature, statistic and item, in five lists of equal length.

    statistic  rows, nulls, nan, min, max, mean, variance, bin, category, distinct or quantile
    item       position of the bin, name of the category, share of the quantile; else None
    """

    def __init__(self):
        self.day, self.feature, self.statistic, self.item, self.value = [], [], [], [], []

    def columns(self):
        """Names and lists, in the order of the result file."""
        return {name: getattr(self, name) for name in ("day", "feature", "statistic", "item", "value")}

    def add(self, day, feature, statistic, value, item=None):
        """One row; a value that does not exist (the mean of nothing) has none."""
        if value is not None:
            self.day.append(day)
            self.feature.append(feature)
            self.statistic.append(statistic)
            self.item.append(item)
            self.value.append(float(value))

    def numeric(self, day, feature, rows, nulls, nan, low, high, mean, variance, at_least):
        """The basic statistics of a numeric column.

        `at_least` counts, for each edge, the values that are neither null nor NaN and not below it.
        """
        named = dict(rows=rows, nulls=nulls, nan=nan, min=low, max=high, mean=mean, variance=variance)
        for statistic, value in named.items():
            self.add(day, feature, statistic, value)
        at_least = [rows - nulls - nan, *at_least, 0]
        for position, (above, beyond) in enumerate(zip(at_least, at_least[1:])):
            self.add(day, feature, "bin", above - beyond, str(position))

    def categorical(self, day, feature, counts):
        """The basic statistics of a categorical column, from counts by name; the name None counts the nulls."""
        nulls = counts.get(None, 0)
        self.add(day, feature, "rows", sum(counts.values()))
        self.add(day, feature, "nulls", nulls)
        names = [name for name in counts if name is not None]
        self.day += [day] * len(names)
        self.feature += [feature] * len(names)
        self.statistic += ["category"] * len(names)
        self.item += names
        self.value += [float(counts[name]) for name in names]

    def sketched(self, day, feature, distinct, quantiles):
        """What *full* adds: distinct values and, for numeric columns, the values at `QUANTILES`."""
        self.add(day, feature, "distinct", distinct)
        for share, value in zip(QUANTILES, quantiles):
            self.add(day, feature, "quantile", value, repr(share))
