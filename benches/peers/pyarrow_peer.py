"""PyArrow + numpy: Parquet decoded by PyArrow, a thread a day, columns one after another.

*basic* compares with each edge; *full* sorts instead, which gives extremes, bins, distinct values and quantiles at once.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy
import pyarrow
import pyarrow.parquet as parquet

from peer import QUANTILES, Results, Task

SHARES = numpy.array(QUANTILES)


def present(column):
    """All values that are not null, as one array of our own, and the number of nulls."""
    chunks = [chunk.drop_null() if chunk.null_count else chunk for chunk in column.chunks]
    return numpy.concatenate([chunk.to_numpy() for chunk in chunks]), column.null_count


def without_nan(values, floating):
    """The values that are not NaN, and the number of NaN."""
    nan = numpy.count_nonzero(values != values) if floating else 0
    return (values[values == values] if nan else values), int(nan)


def numeric(results, day, name, column, floating, edges, full):
    """One numeric column of one day."""
    values, nulls = present(column)
    values, nan = without_nan(values, floating)
    rows, count = len(column), len(values)
    low = high = mean = variance = None
    if count:
        mean = values.mean(dtype=numpy.float64, keepdims=True)
        variance = values.var(dtype=numpy.float64, mean=mean)
        mean = mean[0]
    if full:
        values.sort()
        at_least = count - numpy.searchsorted(values, edges)
        distinct = 1 + numpy.count_nonzero(values[1:] != values[:-1]) if count else 0
        ranks = SHARES * (count - 1)
        quantiles = values[numpy.rint(ranks).astype(numpy.int64)] if count else ()
        results.sketched(day, name, distinct, quantiles)
        if count:
            low, high = values[0], values[-1]
    else:
        at_least = [numpy.count_nonzero(values >= edge) for edge in edges]
        if count:
            low, high = values.min(), values.max()
    results.numeric(day, name, rows, nulls, nan, low, high, mean, variance, at_least)


def categories(column):
    """Counts by category, from the codes of each chunk's own dictionary."""
    total = {}
    for chunk in column.chunks:
        codes = chunk.indices.drop_null() if chunk.null_count else chunk.indices
        counts = numpy.bincount(codes.to_numpy(), minlength=len(chunk.dictionary))
        for category, count in zip(chunk.dictionary.to_pylist(), counts.tolist()):
            total[category] = total.get(category, 0) + count
    return {category: count for category, count in total.items() if count}


def one_day(task, day):
    """All columns of one day."""
    name_of_day, path = day
    results = Results()
    with parquet.ParquetFile(path, read_dictionary=task.categorical, pre_buffer=False) as file:
        read = partial(file.read, use_threads=False)
        for name, about in task.numeric.items():
            column = read(columns=[name])[name]
            edges = numpy.array(about["edges"])
            numeric(results, name_of_day, name, column, about["floating"], edges, task.full)
        for name in task.categorical:
            column = read(columns=[name])[name]
            counts = categories(column)
            results.categorical(name_of_day, name, counts | {None: column.null_count})
            if task.full:
                results.sketched(name_of_day, name, len(counts), ())
    return results


def main():
    """Runs the task."""
    task = Task()
    pyarrow.set_cpu_count(task.threads)
    with ThreadPoolExecutor(task.threads) as pool:
        tables = [pyarrow.table(day.columns()) for day in pool.map(partial(one_day, task), task.days)]
    parquet.write_table(pyarrow.concat_tables(tables, promote_options="permissive"), task.out)


if __name__ == "__main__":
    main()
