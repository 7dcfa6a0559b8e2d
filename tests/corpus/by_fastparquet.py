"""Files by fastparquet: plain, or by dictionary for pandas categories, with codes of 8 or 16 bits, however few."""

import fastparquet
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from values import CODECS, draw, rotate

CATEGORY = pa.dictionary(pa.int16(), pa.string())
PHYSICAL = [
    ("bool", pa.bool_()), ("int32", pa.int32()), ("int64", pa.int64()), ("float", pa.float32()),
    ("double", pa.float64()), ("bytes", pa.string()), ("category", CATEGORY, 25), ("category_many", CATEGORY, 280),
    ("category_int64", pa.dictionary(pa.int16(), pa.int64()), 25),
]
# It cannot write this one with nulls.
FIXED = ("fixed", pa.binary(6), "required", 40)
TYPES = {
    **{f"{sign}int{bits}": getattr(pa, f"{sign}int{bits}")() for sign in ("", "u") for bits in (8, 16, 32, 64)},
    "string": pa.string(), "bytes": pa.binary(),
    **{f"datetime_{unit}": pa.timestamp(unit) for unit in ("ms", "us", "ns")},
    "datetime_utc": pa.timestamp("us", "UTC"), "datetime_rome": pa.timestamp("us", "Europe/Rome"),
}
# Without these, whole numbers with nulls would be floats in pandas.
NULLABLE = {
    pa.bool_(): pd.BooleanDtype(),
    **{getattr(pa, f"int{bits}")(): getattr(pd, f"Int{bits}Dtype")() for bits in (8, 16, 32, 64)},
    **{getattr(pa, f"uint{bits}")(): getattr(pd, f"UInt{bits}Dtype")() for bits in (8, 16, 32, 64)},
}


def write(folder):
    """Yields the path and the expected table of every file."""

    def file(name, table, version, codec="zstd", page=512, **options):
        path = folder / f"{name}.parquet"
        # It has no arguments for these two.
        fastparquet.writer.DATAPAGE_VERSION, fastparquet.writer.MAX_PAGE_SIZE = version, page
        fixed = {f.name: f.type.byte_width for f in table.schema if pa.types.is_fixed_size_binary(f.type)}
        fastparquet.write(
            str(path), table.to_pandas(types_mapper=NULLABLE.get), fixed_text=fixed or None, stats=False,
            compression=None if codec == "none" else codec.upper(),
            has_nulls=[field.name for field in table.schema if field.nullable], **options,
        )
        return path, _as_written(table)

    kinds = [(title, kind) for title, kind in TYPES.items()]
    for version in (1, 2):
        for turn, codec in enumerate([*CODECS, "zstd"]):
            table = draw(f"fastparquet matrix {version}", 300, [*rotate(PHYSICAL, turn), FIXED])
            pages = {} if turn < len(CODECS) else {"page": 1 << 20}
            yield file(f"matrix_v{version}_{codec}" + ("_one_page" if pages else ""), table, version, codec, **pages)
        table = draw(f"fastparquet types {version}", 200, rotate(kinds, 3 * version))
        yield file(f"types_v{version}", table, version)
        recipes = [("int96", pa.timestamp("ns"), "required"), ("int96", pa.timestamp("ns"), "none")]
        yield file(f"int96_v{version}", draw("fastparquet int96", 200, recipes), version, "snappy", times="int96")
    recipes = [
        ("int64", pa.int64(), "required"), ("int16", pa.int16(), "few"), ("text", pa.string(), "runs", 12),
        ("double", pa.float64(), "half"), ("category", CATEGORY, "few", 12),
    ]
    for name, rows in (("row_groups", 700), ("empty", 0)):
        yield file(name, draw(f"fastparquet {name}", rows, recipes), 1, row_group_offsets=150)


def _as_written(table):
    """The table with nulls for NaN, which are the same to pandas."""
    columns = []
    for field, array in zip(table.schema, table.columns):
        if pa.types.is_floating(field.type) and field.nullable:
            array = pc.if_else(pc.is_nan(array), pa.scalar(None, field.type), array)
        columns.append(array)
    return pa.table(columns, table.schema)
