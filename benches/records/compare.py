"""Lines a second of a backfill over captured requests, and of engines that read the lines.

*Lines only* parses each line and adds up the lengths of both texts inside: the floor. *By day* also takes the values of
requests apart and computes count, distinct values (approximately), mean, least and greatest of each feature by day, with
a schema that was written by hand. driftscan does all of its own: values, types, windows, profiles, tables.
"""

import argparse
import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
DRIFTSCAN = HERE.parents[1] / "target" / "release" / "driftscan"
COLUMNS = (
    "{'captureData': 'STRUCT(endpointInput STRUCT(data VARCHAR), endpointOutput STRUCT(data VARCHAR))', "
    "'eventMetadata': 'STRUCT(eventId VARCHAR, inferenceTime VARCHAR)'}"
)

DUCKDB = """
import duckdb
print(duckdb.sql('''
  SELECT count(*), sum(length(captureData.endpointInput.data) + length(captureData.endpointOutput.data)),
         max(eventMetadata.inferenceTime)
  FROM read_json('{glob}', format='newline_delimited', columns={columns})''').fetchall()[0])
"""
BY_DAY = """
import duckdb
duckdb.sql('SET enable_progress_bar = false')
days = duckdb.sql('''
  WITH requests AS (
    SELECT captureData.endpointInput.data AS data, eventMetadata.inferenceTime[:10] AS day
    FROM read_json('{glob}', format='newline_delimited', columns={columns})
  ), records AS (SELECT {record} AS r, day FROM requests)
  SELECT day, count(*) AS lines, {features} FROM records GROUP BY day''').fetchall()
print(sum(day[1] for day in days))
"""
POLARS = """
import polars as pl
side = pl.Struct({{'data': pl.String}})
schema = {{
    'captureData': pl.Struct({{'endpointInput': side, 'endpointOutput': side}}),
    'eventMetadata': pl.Struct({{'eventId': pl.String, 'inferenceTime': pl.String}}),
}}
captured = pl.col('captureData').struct
length = sum(captured.field(f'endpoint{{side}}').struct.field('data').str.len_bytes() for side in ('Input', 'Output'))
time = pl.col('eventMetadata').struct.field('inferenceTime').max().alias('time')
lines = pl.scan_ndjson('{glob}', schema=schema).select(pl.len(), length.sum(), time)
print(tuple(lines.collect(engine='streaming').row(0)))
"""


def measured(words, folder):
    """Seconds, processor seconds, and what was printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder)
    output, errors = child.communicate()
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if child.returncode != 0:
        sys.exit(f"{words}: {errors}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, cpu, output


def by_day(glob, first):
    """The statement for records like this one."""
    if first.lstrip().startswith("{"):
        structure = {name: "VARCHAR" for name in json.loads(first)}
        record = f"from_json(data, '{json.dumps(structure)}')"
        values = [f'r."{name}"' for name in structure]
    else:
        record = "string_split(data, ',')"
        values = [f"r[{place + 1}]" for place in range(first.count(",") + 1)]
    of_number = "avg({number}), min({number}), max({number})"
    features = (
        f"count({value}), approx_count_distinct({value}), " + of_number.format(number=f"try_cast({value} AS DOUBLE)")
        for value in values
    )
    return BY_DAY.format(glob=glob, columns=COLUMNS, record=record.replace("'", "\\'"), features=", ".join(features))


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--days", type=int, default=20)
    options.add_argument("--lines", type=int, default=2000, help="lines an hour")
    options.add_argument("--kind", choices=["csv", "json"], default="csv")
    options.add_argument("--features", type=int, default=40)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--captures", type=pathlib.Path)
    args = options.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="records-"))
    captures = args.captures
    if captures is None:
        captures = work / "captures"
        make = [sys.executable, HERE / "make.py", captures, args.days, args.lines, args.kind, args.features]
        subprocess.run(list(map(str, make)), check=True)
    captures = captures.resolve()
    files = list(captures.rglob("*.jsonl"))
    size = sum(os.path.getsize(file) for file in files)
    lines = sum(file.read_bytes().count(b"\n") for file in files)
    first = min(file.parents[1] for file in files)
    (work / "driftscan.toml").write_text("")
    measured([DRIFTSCAN, "baseline", first, "--out", "baseline", "-q"], work)
    glob = f"{captures}/**/*.jsonl"
    with min(files).open() as line:
        first_request = json.loads(line.readline())["captureData"]["endpointInput"]["data"]

    def backfill():
        shutil.rmtree(work / "results", ignore_errors=True)
        return [DRIFTSCAN, "backfill", captures, "--baseline", "baseline", "--out", "results", "-q", "--format", "json"]

    ways = {
        "driftscan backfill": backfill,
        "duckdb, lines only": lambda: [sys.executable, "-c", DUCKDB.format(glob=glob, columns=COLUMNS)],
        "duckdb, by day": lambda: [sys.executable, "-c", by_day(glob, first_request)],
        "polars, lines only": lambda: [sys.executable, "-c", POLARS.format(glob=glob)],
    }
    print(f"{lines:,} lines, {size / 1e6:,.0f} MB, {len(files):,} files, {args.kind}")
    taken = {name: [] for name in ways}
    answers = {}
    for _ in range(args.rounds):
        for name, words in ways.items():
            seconds, cpu, output = measured(list(map(str, words())), work)
            taken[name].append((seconds, cpu))
            answers[name] = json.loads(output) if name.startswith("driftscan") else output.strip()
    if answers["duckdb, lines only"] != answers["polars, lines only"]:
        sys.exit(f"the engines disagree: {answers}")
    if answers["duckdb, by day"] != str(lines):
        sys.exit(f"expected {lines} records, found {answers['duckdb, by day']}")
    if answers["driftscan backfill"]["rows"] != lines:
        sys.exit(f"expected {lines} rows, found {answers['driftscan backfill']['rows']}")
    ours = statistics.median(seconds for seconds, _ in taken["driftscan backfill"])
    for name, runs in taken.items():
        seconds = sorted(seconds for seconds, _ in runs)
        cpu = statistics.median(cpu for _, cpu in runs)
        middle = statistics.median(seconds)
        print(
            f"{name:20} {seconds[0]:6.2f} {middle:6.2f} {seconds[-1]:6.2f} s  cpu {cpu:6.2f} s  "
            f"{lines / middle / 1e3:8,.0f} thousand lines/s  {size / middle / 1e6:6,.0f} MB/s  ratio {ours / middle:5.2f}"
        )
    shutil.rmtree(work)


main()
