"""Files by DuckDB: it picks encodings by the values and by its version, which is not that of data pages."""

import datetime
import hashlib
import struct

import duckdb
import pyarrow as pa

import values
from values import CODECS, cardinalities, nested_kinds, rotate

PHYSICAL = {
    "bool": pa.bool_(), "int32": pa.int32(), "int64": pa.int64(), "float": pa.float32(), "double": pa.float64(),
    "bytes": pa.string(), "fixed": pa.decimal128(30, 10),
}
TYPES = {
    "bool": pa.bool_(),
    **{f"{sign}int{bits}": getattr(pa, f"{sign}int{bits}")() for sign in ("", "u") for bits in (8, 16, 32, 64)},
    "float": pa.float32(), "double": pa.float64(), "varchar": pa.string(), "blob": pa.binary(),
    "decimal5": pa.decimal128(5, 2), "decimal15": pa.decimal128(15, 4), "decimal30": pa.decimal128(30, 10),
    "date": pa.date32(), "time": pa.time64("us"), "timestamptz": pa.timestamp("us", "UTC"),
    **{f"timestamp_{unit}": pa.timestamp(unit) for unit in ("s", "ms", "us", "ns")},
}
# Types of DuckDB's own: what a value is made from, how, as what it comes back, and what it then is.
OWN = {
    "enum": (
        pa.int8(), "(CASE {} % 2 = 0 WHEN true THEN 'even' WHEN false THEN 'odd' END)::ENUM('never', 'odd', 'even')",
        pa.string(), lambda n: "odd" if n % 2 else "even",
    ),
    "hugeint": (pa.int32(), "{}::HUGEINT * 1000000", pa.float64(), lambda n: n * 1e6),
    "uhugeint": (pa.uint32(), "{}::UHUGEINT * 1000000", pa.float64(), lambda n: n * 1e6),
    "interval": (
        pa.uint16(), "to_months({0}) + to_days({0}::INTEGER + 1) + to_milliseconds(7)",
        pa.binary(12), lambda n: struct.pack("<III", n, n + 1, 7),
    ),
    "timetz": (
        pa.uint8(), "(TIME '12:00:00' + to_seconds({}))::TIMETZ",
        pa.time64("us"), lambda n: (datetime.datetime(2000, 1, 1, 12) + datetime.timedelta(seconds=n)).time(),
    ),
    "uuid": (
        pa.int32(), "md5({}::VARCHAR)::UUID", pa.binary(16), lambda n: hashlib.md5(str(n).encode()).digest(),
    ),
    "bit": (pa.uint8(), "{}::UTINYINT::BIT", pa.string(), lambda n: f"{n:08b}"),
}
# The difference of two 32-bit numbers can need 33 bits. DuckDB then writes 33, where the format has it wrap around in
# 32, and PyArrow refuses to read that. So they are drawn as something else, which stays within a billion.
NARROW = {pa.int32(): pa.decimal128(9, 0), pa.uint32(): pa.time32("ms")}


def write(folder):
    """Yields the path and the expected table of every file."""
    connection = duckdb.connect(config={"threads": 1})

    def file(name, expected, source=None, expressions=None, **options):
        """`source` and an SQL expression for each of its columns where they are not simply what is expected."""
        path = folder / f"{name}.parquet"
        source = expected if source is None else source
        # A column becomes required where it has no null, however it is declared: so there is one more row, of nulls,
        # which is not written.
        more = [pa.nulls(1, f.type) if f.nullable else values.column("more", f.type, 1) for f in source.schema]
        connection.register("source", pa.concat_tables([source, pa.table(more, source.schema)]))
        quoted = [f'"{column}"' for column in source.column_names]
        made = [how.format(column) for how, column in zip(expressions or ["{}"] * len(quoted), quoted)]
        chosen = ", ".join(f"{how} AS {column}" for how, column in zip(made, quoted))
        connection.execute(f"CREATE OR REPLACE TABLE t AS SELECT {chosen} FROM source")
        settings = ", ".join(f"{option} '{value}'" for option, value in options.items())
        connection.execute(f"COPY (SELECT * FROM t LIMIT {len(expected)}) TO '{path}' (FORMAT parquet, {settings})")
        connection.unregister("source")
        return path, expected

    yield from _matrix(file)
    yield from _types(file)
    yield from _own_types(file)
    yield from _shapes(file)


def _draw(seed, rows, recipes):
    """As in `values`, with narrow numbers of 32 bits."""
    table = values.draw(seed, rows, [(title, NARROW.get(kind, kind), *how) for title, kind, *how in recipes])
    for index, (_, kind, *_) in enumerate(recipes):
        if kind in NARROW:
            field = table.schema.field(index).with_type(kind)
            table = table.set_column(index, field, table.column(index).cast(pa.int32()).cast(kind))
    return table


def _matrix(file):
    """Each physical type with few values and with many, against codecs and patterns of nulls."""
    kinds = []
    for physical, kind in PHYSICAL.items():
        kinds += [(f"{physical}_distinct", kind), (f"{physical}_dictionary", kind, 30)]
    for version in (1, 2):
        for turn, codec in enumerate([*CODECS, "zstd"]):
            pages = {"data_page_size_limit": 512} if turn < len(CODECS) else {}
            yield file(
                f"matrix_v{version}_{codec}" + ("" if pages else "_one_page"),
                _draw(f"duckdb matrix {version}", 300, rotate(kinds, turn)), parquet_version=f"V{version}",
                codec="uncompressed" if codec == "none" else codec, **pages,
            )


def _types(file):
    forms = [
        ("v1_plain", None, {"dictionary_size_limit": 0}), ("v1_dictionary", 25, {}), ("v2", None, {}),
        ("v2_dictionary", 25, {}),
    ]
    for turn, (form, distinct, options) in enumerate(forms):
        kinds = [(title, kind, distinct) for title, kind in TYPES.items()]
        yield file(
            f"types_{form}", _draw(f"duckdb types {form}", 200, rotate(kinds, 2 * turn)),
            parquet_version=form[:2].upper(), codec="zstd", data_page_size_limit=512, **options,
        )


def _own_types(file):
    kinds = [(title, kind) for title, (kind, *_) in OWN.items()]
    for version in (1, 2):
        source = values.draw(f"duckdb own {version}", 200, rotate(kinds, version))
        arrays, fields = [], []
        for (_, _, stored, meaning), field, drawn in zip(OWN.values(), source.schema, source.columns):
            meant = [None if value is None else meaning(value) for value in drawn.to_pylist()]
            arrays.append(pa.array(meant, stored))
            fields.append(field.with_type(stored))
        yield file(
            f"own_types_v{version}", pa.table(arrays, pa.schema(fields)), source,
            [expression for _, expression, *_ in OWN.values()], parquet_version=f"V{version}", codec="snappy",
            data_page_size_limit=1024,
        )


def _shapes(file):
    """Nested columns, dictionaries even where they do not pay off, row groups with Bloom filters, no rows."""
    for version in (1, 2):
        which = {"parquet_version": f"V{version}"}
        # A struct with no null is not tried as required: DuckDB makes it optional.
        nested = rotate(list(nested_kinds().items()), version, values.NULLS[1:])
        yield file(f"nested_v{version}", values.draw(f"duckdb nested {version}", 120, nested), codec="zstd", **which)
        yield file(
            f"cardinalities_v{version}", cardinalities(f"duckdb {version}"), codec="gzip",
            dictionary_compression_ratio_threshold=0, dictionary_size_limit=4_000, **which,
        )
    recipes = [
        ("int64", pa.int64(), "few", 200), ("string", pa.string(), "runs", 12), ("bool", pa.bool_(), "half"),
        ("int16", pa.int16(), "required", 2_000), ("constant", pa.int32(), "none", 1),
    ]
    for name, rows in (("row_groups", 5_000), ("empty", 0)):
        yield file(name, _draw(f"duckdb {name}", rows, recipes), codec="zstd", row_group_size=2_048)
