"""Files by PyArrow (Arrow C++): every encoding, page version, codec and pattern of nulls, and every Arrow type."""

import pyarrow as pa
import pyarrow.parquet as pq

from values import CODECS, column, draw, nested_kinds, rotate

PLAIN, RLE, STREAM = "PLAIN", "RLE", "BYTE_STREAM_SPLIT"
DELTA, LENGTH, PREFIX = "DELTA_BINARY_PACKED", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"
# A dictionary, and one that overflows to PLAIN within a chunk.
DICTIONARY, OVERFLOW = "dictionary", "overflow"
# In bytes; `DICTIONARY` columns stay below it, `OVERFLOW` columns exceed it.
DICTIONARY_LIMIT = 700

# A physical type by an Arrow type that has it, and what it can be encoded as.
PHYSICAL = [
    ("bool", pa.bool_(), [PLAIN, RLE]),
    ("int32", pa.int32(), [PLAIN, DELTA, STREAM, DICTIONARY, OVERFLOW]),
    ("int64", pa.int64(), [PLAIN, DELTA, STREAM, DICTIONARY, OVERFLOW]),
    ("int96", pa.timestamp("ns"), [PLAIN, DICTIONARY, OVERFLOW]),
    ("float", pa.float32(), [PLAIN, STREAM, DICTIONARY, OVERFLOW]),
    ("double", pa.float64(), [PLAIN, STREAM, DICTIONARY, OVERFLOW]),
    ("bytes", pa.string(), [PLAIN, LENGTH, PREFIX, DICTIONARY, OVERFLOW]),
    ("fixed", pa.binary(6), [PLAIN, PREFIX, STREAM, DICTIONARY, OVERFLOW]),
]
TYPES = {
    "bool": pa.bool_(),
    **{f"{sign}int{bits}": getattr(pa, f"{sign}int{bits}")() for sign in ("", "u") for bits in (8, 16, 32, 64)},
    "float16": pa.float16(), "float32": pa.float32(), "float64": pa.float64(),
    "string": pa.string(), "large_string": pa.large_string(), "string_view": pa.string_view(),
    "binary": pa.binary(), "large_binary": pa.large_binary(), "fixed16": pa.binary(16), "uuid": pa.uuid(),
    "decimal32": pa.decimal32(5, 2), "decimal64": pa.decimal64(15, 4), "decimal5": pa.decimal128(5, 2),
    "decimal15": pa.decimal128(15, 4), "decimal30": pa.decimal128(30, 10), "decimal50": pa.decimal256(50, 3),
    "date32": pa.date32(), "time32ms": pa.time32("ms"), "time64us": pa.time64("us"), "time64ns": pa.time64("ns"),
    **{f"timestamp_{unit}": pa.timestamp(unit) for unit in ("s", "ms", "us", "ns")},
    **{f"timestamp_{unit}_utc": pa.timestamp(unit, "UTC") for unit in ("ms", "us", "ns")},
    "timestamp_us_rome": pa.timestamp("us", "Europe/Rome"), "duration_us": pa.duration("us"),
    "category": pa.dictionary(pa.int8(), pa.string()), "category_int": pa.dictionary(pa.int16(), pa.int64()),
}


def write(folder):
    """Yields the path and the expected table of every file."""

    def file(name, expected, **options):
        path = folder / f"{name}.parquet"
        pq.write_table(expected, path, **{"write_statistics": False, "write_batch_size": 64, **options})
        return path, expected

    yield from _matrix(file)
    yield from _types(file)
    yield from _nested(file)
    yield from _cardinalities(file)
    yield from _shapes(file)


def _encoded(table, encodings, limit):
    """Options that give the columns of a table their encodings, in their order."""
    named = dict(zip(table.column_names, encodings))
    dictionaries = [name for name, encoding in named.items() if encoding in (DICTIONARY, OVERFLOW)]
    others = {name: encoding for name, encoding in named.items() if name not in dictionaries}
    return {"use_dictionary": dictionaries, "column_encoding": others, "dictionary_pagesize_limit": limit}


def _matrix(file):
    """Each physical type in each of its encodings, against codecs and patterns of nulls.

    Seven files for each version of data pages, in which every column meets all seven patterns. The first six have a
    codec each, the seventh has checksums as well.
    """
    encodings = [encoding for _, _, offered in PHYSICAL for encoding in offered]
    kinds = [
        (f"{physical}_{encoding.lower()}", kind, {DICTIONARY: 30, OVERFLOW: 280}.get(encoding))
        for physical, kind, offered in PHYSICAL
        for encoding in offered
    ]
    for version in (1, 2):
        for turn, codec in enumerate([*CODECS, "zstd"]):
            crc = turn == len(CODECS)
            table = draw(f"matrix {version}", 300, rotate(kinds, turn))
            yield file(
                f"matrix_v{version}_{codec}" + ("_crc" if crc else ""), table, data_page_version=f"{version}.0",
                compression=codec, data_page_size=512, write_page_checksum=crc, use_deprecated_int96_timestamps=True,
                **_encoded(table, encodings, DICTIONARY_LIMIT),
            )


def _types(file):
    """Each Arrow type, plain, by dictionary and in its delta or split encoding."""
    integers = {"store_decimal_as_integer": True}
    forms = [
        ("types_v1_plain", 1, PLAIN, "none", {}),
        ("types_v1_dictionary", 1, DICTIONARY, "snappy", {"version": "1.0", "store_schema": False}),
        ("types_v1_delta", 1, DELTA, "zstd", {"version": "2.4", **integers}),
        ("types_v2_plain", 2, PLAIN, "zstd", integers),
        ("types_v2_dictionary", 2, DICTIONARY, "gzip", {"write_page_checksum": True, **integers}),
        ("types_v2_delta", 2, DELTA, "lz4", {}),
    ]
    for turn, (name, version, form, codec, options) in enumerate(forms):
        kinds, encodings = [], []
        for title, kind in TYPES.items():
            # Formats before 2.6 have no nanoseconds.
            if "version" in options and title in ("timestamp_ns", "timestamp_ns_utc", "time64ns"):
                continue
            category = pa.types.is_dictionary(kind)
            kinds.append((title, kind, 40 if category or form == DICTIONARY else None))
            encodings.append(DICTIONARY if category else _delta(kind, options) if form == DELTA else form)
        table = draw(name, 200, rotate(kinds, 2 * turn))
        options |= _encoded(table, encodings, 1 << 20)
        if "version" not in options:
            table = table.append_column("null", pa.nulls(200))
        yield file(name, table, data_page_version=f"{version}.0", compression=codec, data_page_size=512, **options)


def _delta(kind, options):
    """The delta or split encoding that a type can have."""
    t = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    if t.is_boolean(kind):
        return RLE
    if t.is_decimal(kind) and kind.precision <= 18 and "store_decimal_as_integer" in options:
        return DELTA
    if t.is_floating(kind) or t.is_decimal(kind) or t.is_fixed_size_binary(kind):
        return STREAM
    if t.is_binary(kind) or t.is_large_binary(kind):
        return LENGTH
    if t.is_string(kind) or t.is_large_string(kind) or t.is_string_view(kind):
        return PREFIX
    return DELTA


def _nested(file):
    """Structs, lists and maps, whose pages have levels of repetition and deeper ones of definition."""
    kinds = list(nested_kinds(required=True).items())
    for version in (1, 2):
        yield file(
            f"nested_v{version}", draw(f"nested {version}", 120, rotate(kinds, version)), compression="zstd",
            data_page_version=f"{version}.0", use_dictionary=version == 2, data_page_size=512,
        )


def _cardinalities(file):
    """Dictionaries of 1 to 4,096 values, so that codes take every number of bits up to 12."""
    kinds = [(f"int32_{2**power}", pa.int32(), 2**power, "shuffled") for power in range(13)]
    for order in ("sorted", "shuffled"):
        for title, kind in (("string", pa.string()), ("double", pa.float64())):
            kinds += [(f"{title}_{distinct}_{order}", kind, distinct, order) for distinct in (1, 2, 200)]
        kinds.append((f"int16_2000_{order}", pa.int16(), 2_000, order))
    for version in (1, 2):
        table = draw(f"cardinalities {version}", 2_600, rotate(kinds, version, ["required", "none", "few", "half"]))
        yield file(
            f"cardinalities_v{version}", table, data_page_version=f"{version}.0", compression="zstd",
            data_page_size=1024, write_batch_size=256,
        )


def _mixture(seed, rows):
    """A few columns of different types, for files that are odd as files."""
    return draw(seed, rows, [
        ("int64", pa.int64(), "none"), ("int32", pa.int32(), "few", 9), ("double", pa.float64(), "half"),
        ("string", pa.string(), "runs", 50), ("bool", pa.bool_(), "few"), ("string", pa.string(), "all"),
        ("fixed", pa.binary(4), "required", 20), ("timestamp", pa.timestamp("us", "UTC"), "ends"),
    ])


def _shapes(file):
    """Row groups, page indexes, Bloom filters, other sizes of pages, and files of no rows and of one row."""
    small = {"data_page_size": 512, "compression": "snappy"}
    for version in (1, 2):
        pages = {"data_page_version": f"{version}.0"}
        groups = _mixture(f"groups {version}", 700)
        yield file(f"row_groups_v{version}", groups, row_group_size=150, **pages, **small)
        yield file(f"empty_v{version}", _mixture("empty", 0), **pages, **small)
        yield file(f"one_row_v{version}", _mixture("one", 1), **pages, **small)
        yield file(
            f"page_index_v{version}", _mixture(f"index {version}", 900), max_rows_per_page=100,
            write_page_index=True, write_statistics=True, write_page_checksum=True, compression="zstd", **pages,
        )
    yield file("row_groups_of_one", _mixture("ones", 9), row_group_size=1, **small)
    bloom = {name: {"ndv": 300, "fpp": 0.05} for name in ("int64_none", "string_runs", "double_half")}
    yield file("bloom_filters", _mixture("bloom", 600), bloom_filter_options=bloom, **small)
    large = {"write_batch_size": 1024, "write_statistics": True}
    yield file("one_page", _mixture("one page", 2_000), compression="brotli", **large)
    yield file(
        "content_defined_chunks", _mixture("chunks", 1_500), compression="lz4",
        use_content_defined_chunking={"min_chunk_size": 256, "max_chunk_size": 1024, "norm_level": 0},
    )
    yield _changing_dictionary(file)


def _changing_dictionary(file):
    """Row groups of one column that differ: by dictionary, overflowing, all null, and by dictionary again."""
    parts = [
        column("changing few", pa.string(), 200, "none", 10),
        column("changing many", pa.string(), 200, "none", 200),
        column("changing none", pa.string(), 200, "all"),
        column("changing again", pa.string(), 200, "runs", 3, "shuffled"),
    ]
    return file(
        "changing_dictionary", pa.table({"string": pa.concat_arrays(parts)}), row_group_size=200, data_page_size=512,
        compression="zstd", dictionary_pagesize_limit=DICTIONARY_LIMIT,
    )
