"""Three programs that read Parquet, each asked for the same things."""

import re
from pathlib import Path

import duckdb
import polars
import pyarrow
import pyarrow.dataset

ROOT = Path(__file__).resolve().parents[2]
# The README's queries run here; `demo-results` below it is what the demo wrote.
FOLDER = ROOT / "target" / "readers"
RESULTS = FOLDER / "demo-results" / "results"
# What the demo printed.
OUTPUT = FOLDER / "output.txt"


def zone():
    """The zone of the demo's windows, as the demo says: `windows 334 of 1d, 2013-02-01 to 2013-12-31 (UTC)`."""
    return re.search(r"^ +windows .*\((\S+)\)$", OUTPUT.read_text(encoding="utf-8"), flags=re.MULTILINE)[1]


def pattern(table):
    """What a user types to read a table."""
    return str(RESULTS / "runs.parquet" if table == "runs" else RESULTS / table / "**" / "*.parquet")


def files(table):
    """The files that the pattern means, without asking one of the readers."""
    return [RESULTS / "runs.parquet"] if table == "runs" else sorted((RESULTS / table).rglob("*.parquet"))


class DuckDb:
    """Types as DuckDB prints them."""

    TYPES = {
        "str": "VARCHAR",
        "bool": "BOOLEAN",
        "bytes": "BLOB",
        "i32": "INTEGER",
        "i64": "BIGINT",
        "f64": "DOUBLE",
        "time": "TIMESTAMP WITH TIME ZONE",
        "strs": "VARCHAR[]",
        "contributions": "STRUCT(bin VARCHAR, baseline_ratio DOUBLE, ratio DOUBLE, contribution DOUBLE)[]",
    }

    @staticmethod
    def rows(table):
        return duckdb.execute("SELECT count(*) FROM read_parquet(?)", [pattern(table)]).fetchone()[0]

    @staticmethod
    def columns(table):
        query = "DESCRIBE SELECT * FROM read_parquet(?, hive_partitioning = false)"
        return [(row[0], row[1]) for row in duckdb.execute(query, [pattern(table)]).fetchall()]


class Polars:
    """Types as Polars builds them."""

    TYPES = {
        "str": polars.String(),
        "bool": polars.Boolean(),
        "bytes": polars.Binary(),
        "i32": polars.Int32(),
        "i64": polars.Int64(),
        "f64": polars.Float64(),
        "time": polars.Datetime("us", "UTC"),
        "strs": polars.List(polars.String()),
        "contributions": polars.List(
            polars.Struct(
                {
                    "bin": polars.String(),
                    "baseline_ratio": polars.Float64(),
                    "ratio": polars.Float64(),
                    "contribution": polars.Float64(),
                }
            )
        ),
    }

    @staticmethod
    def table(table, hive=False):
        return polars.read_parquet(pattern(table), hive_partitioning=hive)

    @staticmethod
    def rows(table):
        return Polars.table(table).height

    @staticmethod
    def columns(table):
        return list(Polars.table(table).schema.items())


class PyArrow:
    """Types as Arrow's C++ library names them."""

    TYPES = {
        "str": pyarrow.string(),
        "bool": pyarrow.bool_(),
        "bytes": pyarrow.binary(),
        "i32": pyarrow.int32(),
        "i64": pyarrow.int64(),
        "f64": pyarrow.float64(),
        "time": pyarrow.timestamp("us", "UTC"),
        "strs": pyarrow.list_(pyarrow.string()),
        "contributions": pyarrow.list_(
            pyarrow.struct(
                [
                    ("bin", pyarrow.string()),
                    ("baseline_ratio", pyarrow.float64()),
                    ("ratio", pyarrow.float64()),
                    ("contribution", pyarrow.float64()),
                ]
            )
        ),
    }

    @staticmethod
    def dataset(table):
        return pyarrow.dataset.dataset([str(path) for path in files(table)])

    @staticmethod
    def rows(table):
        return PyArrow.dataset(table).to_table().num_rows

    @staticmethod
    def columns(table):
        return [(field.name, field.type) for field in PyArrow.dataset(table).schema]


ALL = [DuckDb, Polars, PyArrow]
