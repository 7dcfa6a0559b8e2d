"""Prints what files cover: a line for each column, then counts of each combination."""

from collections import Counter

import pyarrow.parquet as pq

import pages


def show(paths):
    """The table of all columns, then the summary that is in the folder's README."""
    seen = [(path, column, _nulls(path, column)) for path in paths for column in pages.columns(path)]
    for path, column, nulls in seen:
        print(f"{path.parent.name}/{path.stem:24} {column.name:36} {column.physical:20} {_all(column.encodings):32}"
              f" v{_all(column.versions):4} {_all(column.codecs):12} {nulls:9} pages {column.pages:3}"
              f" bits {_all(column.widths) or '-':20} {'crc' if True in column.crc else ''}"
              f" {'overflow' if column.overflows else ''}")
    print()
    size = sum(path.stat().st_size for path in paths)
    count = sum(column.pages for _, column, _ in seen)
    print(f"{len(paths)} files, {size:,} bytes, {len(seen):,} columns, {count:,} data pages")
    writers = sorted({path.parent.name for path in paths})
    print(f"| columns by | | {' | '.join(writers)} |")
    _count("physical", writers, [(p, c.physical) for p, c, _ in seen])
    _count("encoding", writers, [(p, e) for p, c, _ in seen for e in c.encodings])
    _count("encoding", writers, [(p, "dictionary, then other") for p, c, _ in seen if c.overflows])
    _count("data page", writers, [(p, f"v{v}") for p, c, _ in seen for v in c.versions])
    _count("codec", writers, [(p, codec) for p, c, _ in seen for codec in c.codecs])
    _count("checksum", writers, [(p, "yes" if crc else "no") for p, c, _ in seen for crc in c.crc])
    _count("nulls", writers, [(p, nulls) for p, _, nulls in seen])
    _count("code bits", writers, [(p, width) for p, c, _ in seen for width in c.widths])
    combinations = {
        (c.physical, e, v, codec, nulls)
        for _, c, nulls in seen for e in c.encodings for v in c.versions for codec in c.codecs
    }
    print(f"{len(combinations):,} combinations of physical type, encoding, page version, codec and nulls;"
          f" {len({x[:3] + x[4:] for x in combinations}):,} without the codec")
    for physical in sorted({x[0] for x in combinations}):
        print(f"  {physical:22}", ", ".join(sorted({f"{x[1]} v{x[2]}" for x in combinations if x[0] == physical})))


def _all(values):
    return "+".join(str(value) for value in sorted(values))


def _nulls(path, column):
    """How many nulls: "nested" where levels mean more than that."""
    if column.required:
        return "required"
    if "." in column.name:
        return "nested"
    if not column.values:
        return "no rows"
    share = pq.read_table(path, columns=[column.name]).column(0).null_count / column.values
    return {0: "none", 1: "all"}.get(share) or ("few" if share < 0.1 else "many")


def _count(title, writers, found):
    """Columns of each writer, by something."""
    counts = Counter((path.parent.name, thing) for path, thing in found)
    for thing in sorted({thing for _, thing in counts}):
        cells = " | ".join(f"{counts[writer, thing]:6,}" for writer in writers)
        print(f"| {title} | {thing:24} | {cells} |")
