"""The reference: each statistic of one column of one day in its plainest form, by PyArrow and numpy."""

import numpy
from pyarrow import compute


def numeric(column, edges):
    """Statistics by name and item, and the sorted values that are neither null nor NaN."""
    present = column.drop_null().to_numpy()
    values = numpy.sort(present[~numpy.isnan(present)])
    places = numpy.searchsorted(numpy.array(edges), values.astype(numpy.float64), side="right")
    bins = numpy.bincount(places, minlength=len(edges) + 1)
    truth = {("rows", None): len(column), ("nulls", None): column.null_count, ("nan", None): len(present) - len(values)}
    truth |= {("bin", str(position)): count for position, count in enumerate(bins.tolist())}
    truth["distinct", None] = len(numpy.unique(values))
    if len(values):
        wide = values.astype(numpy.longdouble)
        truth["min", None], truth["max", None] = float(values[0]), float(values[-1])
        truth["mean", None], truth["variance", None] = float(wide.mean()), float(wide.var())
    return truth, values


def categorical(column):
    """Statistics by name and item."""
    counts = {pair["values"]: pair["counts"] for pair in compute.value_counts(column.drop_null()).to_pylist()}
    truth = {("rows", None): len(column), ("nulls", None): column.null_count, ("distinct", None): len(counts)}
    return truth | {("category", name): count for name, count in counts.items()}
