"""Values to write: an Arrow type has a pool of distinct values, edges first; a column draws from it and adds nulls.

Everything is drawn from `random.Random` seeded with a text, which gives the same numbers in every version of Python.
"""

import decimal
import math
import random
import struct

import pyarrow as pa

SEED = "driftscan corpus 1"
CODECS = ["none", "snappy", "gzip", "zstd", "lz4", "brotli"]
NULLS = ["required", "none", "all", "few", "half", "runs", "ends"]

FLOATS = [0.0, -0.0, math.nan, math.inf, -math.inf, 5e-324, -2.5e-310, 1e300, -1e300, 1.5, -1.0, 1e-300]
SINGLES = [0.0, -0.0, math.nan, math.inf, -math.inf, 1e-45, -1e-40, 3e38, -3e38, 1.5, -1.0, 1e-30]
HALVES = [0.0, -0.0, math.nan, math.inf, -math.inf, 6e-8, -3e-5, 65504.0, -65504.0, 1.5, -1.0]
TEXTS = [
    "", "a", "ä", "日本語のテキスト", "😀", "👩‍👩‍👧 family", " spaced ", "null", "NaN", "0", "-1", "line\nbreak",
    'quo"te', "nul\0inside", "long " * 65, "länger und länger " * 19, "é", "e\u0301",
]
BYTES = [b"", b"\0", b"\xff\xfe", b"ascii", bytes(range(256)) + b"\x80" * 60]
DAY = 86_400
SECONDS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
# 0001-01-01, 1600-02-29, 1900-01-01, the second before 1970, 1970, 2000-02-29, 2200-01-02, 2250-06-01, 9999-12-31.
INSTANTS = [
    -62_135_596_800, -11_670_998_400, -2_208_988_800, -1, 0, 951_782_400, 7_258_204_800, 8_848_742_400,
    253_402_214_400,
]


def nested_kinds(required=False):
    """Nested types by name; `required`: with members and items that must not be null, which not every writer has."""
    members = pa.struct([
        pa.field("must", pa.int16(), nullable=not required), pa.field("may", pa.string()),
        pa.field("inner", pa.struct([("x", pa.float64()), ("flag", pa.bool_())])),
    ])
    return {
        "struct": members,
        "list": pa.list_(pa.int64()),
        "list_text": pa.list_(pa.field("element", pa.string(), nullable=not required)),
        "list_struct": pa.list_(members),
        "list_list": pa.list_(pa.list_(pa.float32())),
        "large_list": pa.large_list(pa.string()),
        "map": pa.map_(pa.string(), pa.int16()),
    }


def draw(seed, rows, recipes):
    """A table of `recipes`: name, type, pattern of nulls, and then as in `column`.

    The name of a column ends in its pattern. Only "required" makes one that must not be null.
    """
    arrays, fields = [], []
    for title, kind, nulls, *how in recipes:
        name = f"{title}_{nulls}"
        arrays.append(column(f"{seed} {name}", kind, rows, nulls, *how))
        fields.append(pa.field(name, kind, nullable=nulls != "required"))
    return pa.table(arrays, pa.schema(fields))


def rotate(kinds, turn, patterns=NULLS):
    """Recipes of `kinds`, which lack the pattern of nulls. From turn to turn the patterns move on by one column."""
    placed = ((*kind, patterns[(index + turn) % len(patterns)]) for index, kind in enumerate(kinds))
    return [(title, kind, nulls, *how) for title, kind, *how, nulls in placed]


def cardinalities(seed, rows=2_600):
    """A table of columns of 1, 2, 200 and 2,000 values, in runs and shuffled."""
    kinds = [
        (f"{name}_{distinct}_{order}", kind, distinct, order)
        for name, kind, offered in [
            ("int16", pa.int16(), (1, 2, 200, 2_000)), ("string", pa.string(), (2, 200)),
            ("double", pa.float64(), (2, 200)),
        ]
        for distinct in offered
        for order in ("sorted", "shuffled")
    ]
    return draw(seed, rows, rotate(kinds, 0, ["none", "few", "half"]))


def column(name, kind, rows, nulls="none", distinct=None, order="mixed"):
    """An array, named only to seed it.

    `distinct`: how many values occur, all of them different if None. `order`: "sorted" as the pool is, "falling"
    from its end, "shuffled", or "mixed": runs in the first half, shuffled in the second.
    """
    rng = random.Random(f"{SEED} {name}")
    # Views cannot be taken from; below a null struct, members that must not be null have to hold something.
    plain = {pa.string_view(): pa.string(), pa.binary_view(): pa.binary()}.get(kind, kind)
    pool = values(plain, distinct or max(rows, 1), rng)
    codes = sorted(row % len(pool) for row in range(rows))
    if order == "falling":
        codes.reverse()
    elif order == "shuffled":
        rng.shuffle(codes)
    elif order == "mixed":
        rng.shuffle(codes)
        half = rows // 2
        codes[:half] = sorted(codes[:half])
    missing = null_rows(nulls, rows, rng)
    drawn = pool.take(pa.array([None if gone else code for code, gone in zip(codes, missing)], pa.int32()))
    return pa.array(drawn.to_pylist(), kind) if plain is not kind or pa.types.is_nested(kind) else drawn


def null_rows(nulls, rows, rng):
    """For each row whether it is null."""
    match nulls:
        case "required" | "none":
            return [False] * rows
        case "all":
            return [True] * rows
        case "few":
            return [row == 20 or rng.random() < 0.02 for row in range(rows)]
        case "half":
            return [rng.random() < 0.5 for _ in range(rows)]
        case "runs":
            # Longer than a bit-packed group of eight, and no multiple of one.
            return [row % 147 < 75 for row in range(rows)]
        case "ends":
            return [row in (0, rows - 1) for row in range(rows)]
    raise ValueError(nulls)


def values(kind, count, rng):
    """Up to `count` distinct values of an Arrow type, edges first; fewer where the type has fewer."""
    t = pa.types
    if t.is_null(kind):
        return pa.nulls(1)
    if t.is_dictionary(kind):
        return values(kind.value_type, count, rng).dictionary_encode().cast(kind)
    if isinstance(kind, pa.BaseExtensionType):
        return kind.wrap_array(_extension(kind, count, rng))
    if t.is_boolean(kind):
        return pa.array([True, False][:count])
    if t.is_integer(kind):
        return pa.array(_integers(*_limits(kind), count, rng), kind)
    if t.is_floating(kind):
        return _floats(kind, count, rng)
    if t.is_decimal(kind):
        most = 10**kind.precision - 1
        with decimal.localcontext(prec=80):
            numbers = [decimal.Decimal(n).scaleb(-kind.scale) for n in _integers(-most, most, count, rng)]
        return pa.array(numbers, kind)
    if t.is_temporal(kind):
        return _temporal(kind, count, rng)
    if t.is_fixed_size_binary(kind):
        width = kind.byte_width
        numbers = _integers(0, 256**width - 1, count, rng)
        return pa.array([n.to_bytes(width, "big") for n in numbers], kind)
    if t.is_string(kind) or t.is_large_string(kind):
        return pa.array(_texts(count, rng), kind)
    if t.is_binary(kind) or t.is_large_binary(kind):
        more = (text.encode() + bytes([rng.randrange(256)]) for text in _texts(count, rng))
        return pa.array(_take(BYTES, more, count), kind)
    return _nested(kind, count, rng)


def _take(edges, more, count):
    """The first `count` different ones."""
    return list(dict.fromkeys([*edges, *more]))[:count]


def _limits(kind):
    bits = kind.bit_width
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if pa.types.is_signed_integer(kind) else (0, 2**bits - 1)


def _integers(low, high, count, rng):
    """Both limits, small numbers, and groups of near ones: deltas are narrow in places and overflow in others."""
    edges = [n for n in (0, high, low, 1, -1, 7, -8, 127, 128, high - 1, low + 1) if low <= n <= high]
    if high - low < 2 * count:
        return _take(edges, range(low, high + 1), count)
    found = dict.fromkeys(edges)
    start = rng.randint(low, high)
    while len(found) < count:
        if rng.random() < 0.2:
            start = rng.randint(low, high)
        start = min(high, start + rng.randrange(1, 1000))
        found[start] = None
    return list(found)[:count]


def _floats(kind, count, rng):
    code, edges, spread = {16: ("e", HALVES, 2), 32: ("f", SINGLES, 9), 64: ("d", FLOATS, 40)}[kind.bit_width]
    drawn = (rng.gauss(0, 1) * 10 ** rng.randrange(-spread, spread) for _ in range(4 * count))
    # Different as bits: 0.0 equals -0.0, NaN does not equal itself.
    bits = _take([struct.pack(code, n) for n in edges], (struct.pack(code, n) for n in drawn), count)
    return pa.Array.from_buffers(kind, len(bits), [None, pa.py_buffer(b"".join(bits))])


def _texts(count, rng):
    """Edges, then keys that share prefixes, now and then a long one."""
    more = (
        f"{rng.choice(['user', 'user-agent', 'ütility', 'x'])}-{n}" + (" tail" * 70 if n % 97 == 50 else "")
        for n in range(count)
    )
    return _take(TEXTS, more, count)


def _temporal(kind, count, rng):
    t = pa.types
    whole = pa.int32() if kind.bit_width == 32 else pa.int64()
    if t.is_duration(kind):
        return pa.array(_integers(-(2**62), 2**62, count, rng), whole).cast(kind)
    if t.is_date(kind):
        edges = [second // DAY for second in INSTANTS]
        return pa.array(_take(edges, _integers(-30_000, 90_000, 2 * count, rng), count), whole).cast(kind)
    unit = SECONDS[kind.unit]
    if t.is_time(kind):
        return pa.array(_integers(0, DAY * unit - 1, count, rng), whole).cast(kind)
    # 64 bits of nanoseconds go from 1677 to 2262.
    edges = [second * unit + (second % 7) * unit // 7 for second in INSTANTS if abs(second * unit) < 2**63]
    more = _integers(-2_000_000_000 * unit, 7_000_000_000 * unit, 2 * count, rng)
    return pa.array(_take(edges, more, count), whole).cast(kind)


def _extension(kind, count, rng):
    return values(kind.storage_type, count, rng)


def _nested(kind, count, rng):
    """Structs with members that are null, lists that are empty, as many as asked for, not all different.

    No more than four items, up to which Spark keeps the order of a map.
    """
    t = pa.types
    if t.is_struct(kind):
        members = [_member(child, count, rng) for child in kind]
        return pa.StructArray.from_arrays(members, fields=list(kind))
    lengths = [rng.choice([0, 1, 1, 2, 4]) for _ in range(count)]
    offsets = [sum(lengths[:n]) for n in range(count + 1)]
    if t.is_map(kind):
        keys = pa.array([f"key {n % 7}" for n in range(offsets[-1])], kind.key_type)
        return pa.MapArray.from_arrays(offsets, keys, _member(kind.item_field, offsets[-1], rng), type=kind)
    if t.is_fixed_size_list(kind):
        inner = _member(kind.value_field, count * kind.list_size, rng)
        return pa.FixedSizeListArray.from_arrays(inner, type=kind)
    whole = pa.ListArray if t.is_list(kind) else pa.LargeListArray
    return whole.from_arrays(pa.array(offsets, pa.int32() if t.is_list(kind) else pa.int64()),
                             _member(kind.value_field, offsets[-1], rng), type=kind)


def _member(child, count, rng):
    """`count` values of a member or item, a fifth of them null where they may be."""
    pool = values(child.type, max(count, 1), rng)
    codes = [n % len(pool) for n in range(count)]
    rng.shuffle(codes)
    gone = [child.nullable and rng.random() < 0.2 for _ in range(count)]
    return pool.take(pa.array([None if lost else code for code, lost in zip(codes, gone)], pa.int32()))
