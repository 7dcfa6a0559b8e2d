"""Files by Spark (parquet-java): dictionaries that change to PLAIN or a delta encoding, INT96, and Hadoop's LZ4."""

import shutil
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import ArrayType

from values import NULLS, cardinalities, draw, nested_kinds, rotate

CODECS = ["none", "snappy", "gzip", "zstd", "lz4", "lz4_raw"]
# With how many distinct values a dictionary exceeds `DICTIONARY_LIMIT` bytes, but not within the first page, where
# Spark would drop it for good. They come falling, which leaves the long texts of the pool for the end.
PHYSICAL = [
    ("int32", pa.int32(), 150), ("int64", pa.int64(), 100), ("int96", pa.timestamp("us", "UTC"), 60),
    ("float", pa.float32(), 150), ("double", pa.float64(), 100), ("bytes", pa.string(), 60),
    ("fixed", pa.decimal128(30, 10), 60),
]
DICTIONARY_LIMIT = 300
TYPES = {
    "boolean": pa.bool_(), "byte": pa.int8(), "short": pa.int16(), "int": pa.int32(), "long": pa.int64(),
    "float": pa.float32(), "double": pa.float64(), "string": pa.string(), "binary": pa.binary(),
    "decimal5": pa.decimal128(5, 2), "decimal15": pa.decimal128(15, 4), "decimal30": pa.decimal128(30, 10),
    "date": pa.date32(), "timestamp_ntz": pa.timestamp("us"),
}
TIMESTAMPS = {"INT96": "INT96", "MICROS": "TIMESTAMP_MICROS", "MILLIS": "TIMESTAMP_MILLIS"}
SETTINGS = {
    # One hash for all objects, or footers would list encodings in another order in every run.
    "spark.driver.extraJavaOptions": "-XX:+UnlockExperimentalVMOptions -XX:hashCode=2",
    "spark.ui.enabled": "false", "spark.log.level": "OFF", "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1", "spark.sql.session.timeZone": "UTC",
    "spark.sql.datetime.java8API.enabled": "true", "spark.ui.showConsoleProgress": "false",
    **{f"spark.sql.parquet.{what}RebaseModeIn{way}": "CORRECTED"
       for what in ("datetime", "int96") for way in ("Read", "Write")},
}


def write(folder):
    """Yields the path and the expected table of every file."""
    builder = SparkSession.builder.master("local[1]")
    for setting, value in SETTINGS.items():
        builder = builder.config(setting, value)
    with tempfile.TemporaryDirectory() as scratch, builder.getOrCreate() as spark:
        scratch = Path(scratch)

        def file(
            name, expected, version, codec, timestamps="MICROS", source=None, casts=None, legacy=False, **options
        ):
            """`source` and an SQL type for each of its columns where they are not simply what is expected."""
            source = expected if source is None else source
            pq.write_table(source, scratch / "source.parquet")
            frame = spark.read.parquet(str(scratch / "source.parquet"))
            if casts:
                frame = frame.selectExpr(*(f"CAST({c} AS {kind}) AS {c}" for c, kind in zip(frame.columns, casts)))
            spark.conf.set("spark.sql.parquet.outputTimestampType", TIMESTAMPS[timestamps])
            spark.conf.set("spark.sql.parquet.writeLegacyFormat", str(legacy).lower())
            settings = {
                "compression": codec, "parquet.writer.version": f"PARQUET_{version}_0",
                "parquet.page.row.count.limit": "60", "parquet.page.write-checksum.enabled": "false", **options,
            }
            frame = _as_declared(spark, frame, source.schema)
            frame.coalesce(1).write.mode("overwrite").options(**settings).parquet(str(scratch / "written"))
            (written,) = (scratch / "written").glob("*.parquet")
            shutil.copyfile(written, folder / f"{name}.parquet")
            return folder / f"{name}.parquet", expected

        yield from _matrix(file)
        yield from _types(file)
        yield from _own_types(file)
        yield from _shapes(file)


def _as_declared(spark, frame, declared):
    """The frame with columns and items of lists that must not be null: what Spark reads may always be."""
    schema = frame.schema
    for field, wanted in zip(schema.fields, declared):
        field.nullable = wanted.nullable
        if isinstance(field.dataType, ArrayType):
            field.dataType.containsNull = wanted.type.value_field.nullable
    of_java = spark._jvm.org.apache.spark.sql.types.DataType.fromJson(schema.json())
    return DataFrame(spark._jsparkSession.createDataFrame(frame._jdf.toJavaRDD(), of_java), spark)


def _matrix(file):
    """Each physical type with different dictionaries, against codecs and patterns of nulls."""
    kinds = [("bool_distinct", pa.bool_()), ("constant", pa.int64(), 1)]
    for physical, kind, many in PHYSICAL:
        kinds += [(f"{physical}_distinct", kind), (f"{physical}_dictionary", kind, 12)]
        kinds.append((f"{physical}_overflow", kind, many, "falling"))
    for version in (1, 2):
        for turn, codec in enumerate([*CODECS, "zstd"]):
            crc = turn == len(CODECS)
            table = draw(f"spark matrix {version}", 300, rotate(kinds, turn))
            plain = [name for name in table.column_names if "distinct" in name]
            yield file(f"matrix_v{version}_{codec}" + ("_crc" if crc else ""), table, version, codec, "INT96", **{
                "parquet.dictionary.page.size": str(DICTIONARY_LIMIT),
                "parquet.page.write-checksum.enabled": str(crc).lower(),
                **{f"parquet.enable.dictionary#{name}": "false" for name in plain},
            })


def _types(file):
    forms = [
        ("v1", 1, None, "snappy", "MICROS"), ("v1_legacy", 1, 25, "gzip", "INT96"),
        ("v2", 2, None, "zstd", "MILLIS"), ("v2_dictionary", 2, 25, "none", "MICROS"),
    ]
    for turn, (form, version, distinct, codec, timestamps) in enumerate(forms):
        instant = pa.timestamp("ms" if timestamps == "MILLIS" else "us", "UTC")
        types = {**TYPES, "int96" if timestamps == "INT96" else "timestamp": instant}
        kinds = [(title, kind, distinct) for title, kind in types.items()]
        table = draw(f"spark types {form}", 200, rotate(kinds, 2 * turn))
        yield file(f"types_{form}", table, version, codec, timestamps, legacy=form == "v1_legacy")


def _own_types(file):
    """Intervals, which are stored as whole numbers of microseconds and of months."""
    source = draw("spark own", 200, [("days", pa.int16(), "few"), ("months", pa.int16(), "runs", 40)])
    days, months = source.columns
    days, months = pc.multiply(days.cast(pa.int64()), 86_400_000_000), months.cast(pa.int32())
    expected = pa.table([days, months], source.column_names)
    for version in (1, 2):
        yield file(
            f"own_types_v{version}", expected, version, "snappy", source=source,
            casts=["INTERVAL DAY", "INTERVAL MONTH"],
        )


def _shapes(file):
    """Nested columns, row groups, Bloom filters, no rows. In the legacy format a list may have but two levels."""
    kinds = list({**nested_kinds(), "list_text": nested_kinds(required=True)["list_text"]}.items())
    for name, version, legacy in (("nested_v1", 1, False), ("nested_v2", 2, False), ("nested_v1_legacy", 1, True)):
        table = draw(f"spark {name}", 120, rotate(kinds, version, NULLS[1:]))
        yield file(name, table, version, "zstd", legacy=legacy)
    recipes = [
        ("int64", pa.int64(), "few"), ("string", pa.string(), "runs", 12), ("bool", pa.bool_(), "half"),
        ("int32", pa.int32(), "required", 300), ("constant", pa.int32(), "none", 1),
    ]
    bloom = {"parquet.bloom.filter.enabled#int64_few": "true", "parquet.bloom.filter.expected.ndv#int64_few": "100"}
    for version in (1, 2):
        yield file(f"cardinalities_v{version}", cardinalities(f"spark {version}"), version, "gzip")
        for name, rows in (("row_groups", 1_200), ("empty", 0)):
            table = draw(f"spark {name} {version}", rows, recipes)
            yield file(f"{name}_v{version}", table, version, "zstd", **{"parquet.block.size": "4096", **bloom})
