"""Whether a file holds what was meant to be written, to the bit; nothing of it is taken from the writer."""

import pyarrow as pa
import pyarrow.parquet as pq


def file(path, expected):
    """Raises where a file does not read back, in PyArrow, as the expected table."""
    # Microseconds, because nanoseconds do not reach all the dates that INT96 does.
    unit = next((f.type.unit for f in expected.schema if f.name.startswith("int96")), None)
    found = pq.ParquetFile(path, coerce_int96_timestamp_unit=unit).read()
    if found.column_names != expected.column_names:
        raise AssertionError(f"{path}: {found.column_names} for {expected.column_names}")
    for name in expected.column_names:
        want, got = (_whole(table[name]) for table in (expected, found))
        if not same(want, _cast(got, want.type)):
            raise AssertionError(f"{path}: {name}: {want.type} as {got.type}: {_first(want, got)}")


def same(a, b):
    """Equal in type, nulls and bits, so that -0.0 is not 0.0 and NaN equals itself."""
    kind = a.type
    if kind != b.type or len(a) != len(b):
        return False
    if pa.types.is_floating(kind):
        bits = {16: pa.uint16(), 32: pa.uint32(), 64: pa.uint64()}[kind.bit_width]
        return a.view(bits).equals(b.view(bits))
    if not a.is_null().equals(b.is_null()):
        return False
    if pa.types.is_struct(kind):
        return all(same(x, y) for x, y in zip(a.flatten(), b.flatten()))
    if pa.types.is_map(kind):
        return _lengths(a) == _lengths(b) and same(a.keys, b.keys) and same(a.items, b.items)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _lengths(a) == _lengths(b) and same(a.flatten(), b.flatten())
    return a.equals(b)


def _lengths(lists):
    offsets = lists.offsets.to_pylist()
    return [end - start for start, end in zip(offsets, offsets[1:])]


def _whole(column):
    array = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    array = pa.concat_arrays(array.chunks) if isinstance(array, pa.ChunkedArray) else array
    if isinstance(array.type, pa.BaseExtensionType):
        array = array.storage
    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array


def _cast(array, kind):
    return array if array.type == kind else array.cast(kind)


def _first(want, got):
    """The first row that differs, for the message."""
    for row, (a, b) in enumerate(zip(want, got)):
        if repr(a) != repr(b):
            return f"row {row}: {a!r} read as {b!r}"
    return f"{len(want)} rows, {len(got)} read"
