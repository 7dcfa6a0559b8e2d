"""Makes the reference data: one Parquet file a day, 393,216 rows x 42 columns in 2 row groups, the same for a given seed.

`python make_data.py FOLDER --days N`; days that are there already are left alone.
"""

import argparse
import datetime
import pathlib

import numpy
import pyarrow
from pyarrow import parquet

ROW_GROUP = 196_608
ROWS = 2 * ROW_GROUP
FIRST_DAY = datetime.date(2026, 1, 1)
SEED = 20260101
CATEGORIES = (3, 5, 10, 25, 50, 200, 1000, 5000)


def with_nulls(values, share, generator):
    """The values, of which a share is null."""
    return pyarrow.array(values, mask=generator.random(ROWS) < share)


def floats(generator):
    """Twenty float64 columns: full precision, two decimals, mostly zero, with nulls and NaN, bounded."""
    columns = [generator.normal(size=ROWS) for _ in range(7)]
    columns += [generator.normal(scale=2.4 + 0.2 * extra, size=ROWS).round(2) for extra in range(6)]
    for _ in range(3):
        columns.append(numpy.where(generator.random(ROWS) < 0.7, 0.0, generator.exponential(10.0, ROWS)))
    for _ in range(2):
        values = generator.lognormal(0.0, 1.0, ROWS)
        values[generator.random(ROWS) < 1e-4] = numpy.nan
        columns.append(with_nulls(values, 0.02, generator))
    columns.append(with_nulls(generator.gamma(2.0, 2.5, ROWS).round(2), 0.05, generator))
    columns.append(generator.random(ROWS))
    return {f"f{place:02d}": column for place, column in enumerate(columns)}


def integers(generator, hours):
    """Five int64 and five int32 columns, from two values to almost all different."""
    wide = [
        generator.normal(55, 14, ROWS).clip(18, 94),
        generator.poisson(3, ROWS),
        generator.lognormal(12.6, 2.0, ROWS),
        generator.integers(10_000, 100_000, ROWS),
    ]
    narrow = [
        generator.geometric(0.01, ROWS),
        generator.integers(0, 1 << 30, ROWS),
        hours,
        generator.integers(300, 850, ROWS),
        generator.normal(100, 10, ROWS).round(),
    ]
    columns = [column.astype(numpy.int64) for column in wide]
    columns.append(with_nulls(generator.integers(0, 2, ROWS), 0.01, generator))
    columns += [column.astype(numpy.int32) for column in narrow]
    return {f"i{place}": column for place, column in enumerate(columns)}


def texts(generator):
    """Eight columns of categories, the larger ones rarer; every other one has nulls."""
    columns = {}
    for place, size in enumerate(CATEGORIES):
        weights = 1.0 / numpy.arange(1, size + 1) ** 1.1
        codes = generator.choice(size, ROWS, p=weights / weights.sum()).astype(numpy.int32)
        indices = with_nulls(codes, 0.01 if place % 2 else 0.0, generator)
        names = pyarrow.array([f"category_{place}_{rank:05d}" for rank in range(size)])
        columns[f"c{place}"] = pyarrow.DictionaryArray.from_arrays(indices, names).cast(pyarrow.string())
    return columns


def ids(generator):
    """A different text of 32 bytes in each row."""
    digits = generator.bytes(16 * ROWS).hex().encode()
    offsets = numpy.arange(0, 32 * ROWS + 1, 32, dtype=numpy.int32)
    return pyarrow.StringArray.from_buffers(ROWS, pyarrow.py_buffer(offsets), pyarrow.py_buffer(digits))


def table_of(number):
    """The captures of one day."""
    generator = numpy.random.default_rng([SEED, number])
    since_midnight = numpy.sort(generator.integers(0, 86_400_000_000, ROWS))
    midnight = numpy.datetime64(FIRST_DAY + datetime.timedelta(days=number), "us")
    columns = {"event_time": midnight + since_midnight.astype("timedelta64[us]")}
    columns |= floats(generator)
    columns |= integers(generator, since_midnight // 3_600_000_000)
    columns |= texts(generator)
    columns["request_id"] = ids(generator)
    columns["prediction"] = generator.beta(2.0, 5.0, ROWS)
    columns["latency_ms"] = generator.lognormal(3.0, 0.5, ROWS).astype(numpy.float32)
    return pyarrow.table(columns)


def main():
    """Makes the days that are missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--days", type=int, default=30)
    arguments = parser.parse_args()
    for number in range(arguments.days):
        day = arguments.folder / f"day={FIRST_DAY + datetime.timedelta(days=number)}"
        path = day / "part-0.parquet"
        if not path.exists():
            day.mkdir(parents=True, exist_ok=True)
            unfinished = day / "part-0.tmp"
            parquet.write_table(table_of(number), unfinished, row_group_size=ROW_GROUP)
            unfinished.rename(path)


if __name__ == "__main__":
    main()
