"""Files by Polars: data pages of version 1, plain or by dictionary, as it sees fit."""

import polars as pl
import pyarrow as pa

from values import CODECS, NULLS, cardinalities, draw, nested_kinds, rotate

PHYSICAL = {
    "bool": pa.bool_(), "int32": pa.int32(), "int64": pa.int64(), "float": pa.float32(), "double": pa.float64(),
    "bytes": pa.string(), "fixed": pa.decimal128(30, 10),
}
TYPES = {
    **{f"{sign}int{bits}": getattr(pa, f"{sign}int{bits}")() for sign in ("", "u") for bits in (8, 16, 32, 64)},
    "bool": pa.bool_(), "float16": pa.float16(), "float32": pa.float32(), "float64": pa.float64(),
    "string": pa.string(), "binary": pa.binary(), "category": pa.dictionary(pa.int16(), pa.string()),
    "decimal5": pa.decimal128(5, 2), "decimal15": pa.decimal128(15, 4), "decimal30": pa.decimal128(30, 10),
    "date": pa.date32(), "time": pa.time64("ns"), "duration": pa.duration("us"),
    **{f"datetime_{unit}": pa.timestamp(unit) for unit in ("ms", "us", "ns")},
    "datetime_utc": pa.timestamp("us", "UTC"), "datetime_rome": pa.timestamp("ms", "Europe/Rome"),
}


def write(folder):
    """Yields the path and the expected table of every file."""

    def file(name, expected, **options):
        path = folder / f"{name}.parquet"
        frame = pl.from_arrow(expected)
        declared = zip(frame.to_arrow(compat_level=pl.CompatLevel.newest()).schema, expected.schema)
        schema = pa.schema([field.with_nullable(wanted.nullable) for field, wanted in declared])
        frame.write_parquet(path, arrow_schema=schema, **{"statistics": False, "data_page_size": 512, **options})
        return path, expected

    kinds = []
    for physical, kind in PHYSICAL.items():
        kinds += [(f"{physical}_distinct", kind), (f"{physical}_dictionary", kind, 30)]
    for turn, codec in enumerate([*CODECS, "zstd"]):
        pages = {} if turn < len(CODECS) else {"data_page_size": 1 << 20}
        yield file(
            f"matrix_{codec}" + ("_one_page" if pages else ""), draw("polars matrix", 300, rotate(kinds, turn)),
            compression="uncompressed" if codec == "none" else codec, **pages,
        )
    for turn, (form, distinct) in enumerate([("distinct", None), ("dictionary", 25)]):
        kinds = [(title, kind, distinct) for title, kind in TYPES.items()]
        yield file(f"types_{form}", draw(f"polars types {form}", 200, rotate(kinds, 2 * turn)))
    yield file("nested", draw("polars nested", 120, rotate(list(nested_kinds().items()), 0, NULLS[1:])))
    # With statistics, which the others lack.
    yield file("cardinalities", cardinalities("polars"), data_page_size=2_048, statistics="full")
    yield file("row_groups", cardinalities("polars groups", 900), row_group_size=250, compression="lz4")
    yield file("empty", cardinalities("polars empty", 0))
