"""Writes predictions of some days and their labels, which arrive three days later in another order, and a baseline of both."""

import argparse
import pathlib

import duckdb

DAY = """
  CREATE OR REPLACE TABLE day AS
  WITH keyed AS (SELECT md5('s' || i) AS h, i, hash(i) AS x FROM range({first}, {end}) r(i))
  SELECT substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-' || substr(h, 13, 4) || '-' || substr(h, 17, 4) || '-' || substr(h, 21) AS id,
         TIMESTAMP '2026-01-01' + INTERVAL ({day}) DAY
           + to_microseconds(CAST((i - {first}) * 86400000000 // ({end} - {first}) AS BIGINT)) AS event_ts,
         round((x % 1000003) / 1000003.0, 3) AS prob, (x >> 20) % 10 AS f1, ((x >> 24) % 1000) / 10.0 AS f2,
         ['a', 'b', 'c'][CAST(1 + (x >> 40) % 3 AS INT)] AS f3, CAST((hash(x, 7) % 1000) / 1000.0 < prob AS INT) AS label
  FROM keyed"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--rows", type=float, default=5e6)
    parser.add_argument("--days", type=int, default=30)
    args = parser.parse_args()
    rows, days = int(args.rows), args.days
    database = duckdb.connect()
    database.execute("SET threads = 2; SET preserve_insertion_order = false; SET enable_progress_bar = false")
    form = "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 500000)"
    (args.out / "labels").mkdir(parents=True, exist_ok=True)
    for day in range(days):
        first, end = rows * day // days, rows * (day + 1) // days
        database.execute(DAY.format(first=first, end=end, day=day))
        folder = args.out / "predictions" / f"date=2026-01-{day + 1:02}"
        folder.mkdir(parents=True, exist_ok=True)
        columns = "id, event_ts, prob, f1, f2, f3"
        database.execute(f"COPY (SELECT {columns} FROM day ORDER BY event_ts) TO '{folder}/part-0.parquet' {form}")
        labels = "SELECT id, event_ts + INTERVAL 3 DAY AS label_ts, label FROM day ORDER BY hash(id)"
        database.execute(f"COPY ({labels}) TO '{args.out}/labels/{day:02}.parquet' {form}")
        if day == 0:
            good = f"SELECT {columns}, label FROM day ORDER BY event_ts LIMIT 200000"
            database.execute(f"COPY ({good}) TO '{args.out}/good.parquet' {form}")


main()
