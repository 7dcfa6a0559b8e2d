"""What the pages of a Parquet file are, read from their headers, of which PyArrow shows nothing."""

from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.parquet as pq

ENCODINGS = {
    0: "PLAIN", 2: "PLAIN_DICTIONARY", 3: "RLE", 4: "BIT_PACKED", 5: "DELTA_BINARY_PACKED",
    6: "DELTA_LENGTH_BYTE_ARRAY", 7: "DELTA_BYTE_ARRAY", 8: "RLE_DICTIONARY", 9: "BYTE_STREAM_SPLIT",
}
DICTIONARY_CODES = {2, 8}
# By their numbers in footers; PyArrow calls two of them LZ4.
CODECS = ["none", "snappy", "gzip", "lzo", "brotli", "lz4", "zstd", "lz4_raw"]


@dataclass
class Column:
    """One column of a file, over all its row groups."""

    name: str
    physical: str
    required: bool
    codecs: set = field(default_factory=set)
    encodings: set = field(default_factory=set)
    versions: set = field(default_factory=set)
    crc: set = field(default_factory=set)
    widths: set = field(default_factory=set)
    pages: int = 0
    values: int = 0
    overflows: bool = False


def columns(path):
    """The columns of a file, one for each leaf, in the order of the schema."""
    schema = pq.ParquetFile(path).schema
    data = memoryview(path.read_bytes())
    footer, _ = _struct(data, len(data) - 8 - int.from_bytes(data[-8:-4], "little"))
    found = []
    for index in range(len(schema)):
        leaf = schema.column(index)
        column = Column(leaf.path, leaf.physical_type, leaf.max_definition_level == 0)
        for group in footer.get(4, []):
            _chunk(column, leaf, group[1][index][3], data)
        found.append(column)
    return found


def _chunk(column, leaf, chunk, data):
    """Adds the pages of one column chunk; `chunk` is its metadata in the footer."""
    codec, values, at, seen = CODECS[chunk[4]], chunk[5], chunk[9], 0
    # Some writers leave a zero where there is no dictionary.
    if 0 < chunk.get(11, 0) < at:
        at = chunk[11]
    of_this_chunk = set()
    while seen < values:
        header, body = _struct(data, at)
        at = body + header[3]
        if header[1] == 2:
            continue
        column.crc.add(4 in header)
        version, page = (2, header[8]) if header[1] == 3 else (1, header[5])
        seen += page[1]
        column.pages += 1
        column.versions.add(version)
        encoding = page[4] if version == 2 else page[2]
        of_this_chunk.add(encoding)
        if encoding in DICTIONARY_CODES:
            column.widths |= _width(leaf, codec, header, data[body:at])
    column.values += values
    column.codecs.add(codec)
    column.encodings |= {ENCODINGS[encoding] for encoding in of_this_chunk}
    column.overflows |= bool(of_this_chunk & DICTIONARY_CODES) and len(of_this_chunk) > 1


def _width(leaf, codec, header, body):
    """The bits of a dictionary code in a page: the byte ahead of the codes. Empty where a page has no values."""
    page, length = header.get(8), header[2]
    if page:
        levels = page[5] + page[6]
        body, length = body[levels:], length - levels
    if len(body) and codec != "none" and not (page and not page.get(7, True)):
        # What is called by the older name is a block as well, after its two lengths if Hadoop wrote it.
        if codec == "lz4":
            codec = "lz4_raw"
            if int.from_bytes(body[:4], "big") == length:
                body = body[8:]
        body = memoryview(pa.decompress(bytes(body), length, codec, asbytes=True))
    if not page:
        for level in (leaf.max_repetition_level, leaf.max_definition_level):
            if level:
                body = body[4 + int.from_bytes(body[:4], "little"):]
    return {body[0]} if len(body) else set()


def _varint(data, at):
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at


def _struct(data, at):
    """A struct of Thrift's compact protocol as a dict of field numbers, and where it ends."""
    fields, number = {}, 0
    while data[at]:
        step, kind = data[at] >> 4, data[at] & 15
        at += 1
        if step:
            number += step
        else:
            zigzag, at = _varint(data, at)
            number = (zigzag >> 1) ^ -(zigzag & 1)
        fields[number], at = (kind == 1, at) if kind in (1, 2) else _value(data, at, kind)
    return fields, at + 1


def _value(data, at, kind):
    if kind in (1, 2, 3):
        return data[at], at + 1
    if kind in (4, 5, 6):
        zigzag, at = _varint(data, at)
        return (zigzag >> 1) ^ -(zigzag & 1), at
    if kind == 7:
        return bytes(data[at:at + 8]), at + 8
    if kind == 8:
        length, at = _varint(data, at)
        return bytes(data[at:at + length]), at + length
    if kind in (9, 10):
        length, of = data[at] >> 4, data[at] & 15
        at += 1
        if length == 15:
            length, at = _varint(data, at)
        items = []
        for _ in range(length):
            item, at = _value(data, at, of)
            items.append(item)
        return items, at
    if kind == 12:
        return _struct(data, at)
    raise ValueError(f"Thrift type {kind} does not occur in page headers")
