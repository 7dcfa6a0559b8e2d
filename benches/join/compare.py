"""Predictions joined with their labels, and what follows: a whole backfill beside two engines that do a part of it.

The engines join by id, keep the last label of each id, and compute accuracy, Brier score and AUC by day. driftscan does that
too, counts what has no partner, computes all metrics of two classes with standard errors, the relation of the label to each
feature, and everything that it does without labels: profiles, drift, checks, tables.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
DRIFTSCAN = HERE.parents[1] / "target" / "release" / "driftscan"

SETTINGS = """
[roles]
timestamp = "event_ts"
id = "id"
probability = "prob"
label = "label"
"""
GROUND_TRUTH = """
[ground_truth]
captures = "{data}/labels"
arrived = "label_ts"
"""
DUCKDB = """
import duckdb
duckdb.sql("SET threads = 2; SET memory_limit = '1GB'; SET temp_directory = '{scratch}'")
duckdb.sql("SET preserve_insertion_order = false; SET enable_progress_bar = false")
days = duckdb.sql('''
  WITH labels AS (SELECT id, arg_max(label, label_ts) AS label FROM '{data}/labels/*.parquet' GROUP BY id),
  joined AS (
    SELECT event_ts::DATE AS day, prob, label
    FROM read_parquet('{data}/predictions/*/*.parquet', hive_partitioning=false) LEFT JOIN labels USING (id)),
  cells AS (SELECT day, prob, sum(label) AS p, count(label) - sum(label) AS n FROM joined GROUP BY ALL),
  ranked AS (SELECT *, sum(n) OVER (PARTITION BY day ORDER BY prob) AS below FROM cells)
  SELECT day, sum(CASE WHEN prob >= 0.5 THEN p ELSE n END) / sum(p + n), sum(p * (1 - prob) ** 2 + n * prob ** 2) / sum(p + n),
         sum(p * (below - n / 2.0)) / (sum(p) * sum(n))
  FROM ranked GROUP BY day ORDER BY day''').fetchall()
print(len(days), days[0][1:])
"""
POLARS = """
import polars as pl
labels = pl.scan_parquet('{data}/labels/*.parquet').sort('label_ts').group_by('id').agg(pl.col('label').last())
predictions = pl.scan_parquet('{data}/predictions/*/*.parquet', hive_partitioning=False).select('id', 'event_ts', 'prob')
cells = (
    predictions.join(labels, on='id', how='left').with_columns(pl.col('event_ts').dt.date().alias('day'))
    .group_by('day', 'prob').agg(pl.col('label').sum().alias('p'), (pl.col('label').count() - pl.col('label').sum()).alias('n'))
    .collect(engine='streaming').sort('day', 'prob'))
p, n, prob = pl.col('p'), pl.col('n'), pl.col('prob')
ranked = cells.with_columns(n.cum_sum().over('day').alias('below'))
days = ranked.group_by('day').agg(
    (pl.when(prob >= 0.5).then(p).otherwise(n).sum() / (p + n).sum()).alias('accuracy'),
    ((p * (1 - prob) ** 2 + n * prob ** 2).sum() / (p + n).sum()).alias('brier'),
    ((p * (pl.col('below') - n / 2)).sum() / (p.sum() * n.sum())).alias('auc')).sort('day')
print(len(days), days.row(0)[1:])
"""


class Disk(threading.Thread):
    """The most that processes hold in files below a folder, those without a name included."""

    def __init__(self, process, folder):
        super().__init__(daemon=True)
        self.process, self.folder, self.most = process, str(folder), 0

    def run(self):
        while self.process.poll() is None:
            self.most = max(self.most, self.now())
            time.sleep(0.2)

    def now(self):
        files = {}
        for path in pathlib.Path(self.folder).rglob("*"):
            try:
                stat = path.stat()
                files[stat.st_ino] = stat.st_blocks * 512
            except OSError:
                pass
        for link in pathlib.Path(f"/proc/{self.process.pid}/fd").glob("*"):
            try:
                if str(link.readlink()).startswith(self.folder):
                    stat = link.stat()
                    files[stat.st_ino] = stat.st_blocks * 512
            except OSError:
                pass
        return sum(files.values())


def measured(words, folder, scratch):
    """Seconds, processor seconds, peak memory in MiB, disk in MiB, and what was printed."""
    started = time.perf_counter()
    child = subprocess.Popen(
        ["/usr/bin/time", "-f", "%e %U %S %M", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd=folder, env={"TMPDIR": str(scratch), "PATH": "/usr/bin:/bin"},
    )
    time.sleep(0.05)
    inner = subprocess.run(["pgrep", "-P", str(child.pid)], capture_output=True, text=True).stdout.split()
    disk = Disk(Watched(child, int(inner[0]) if inner else child.pid), scratch)
    disk.start()
    output, errors = child.communicate()
    if child.returncode != 0:
        return None, errors.strip().splitlines()[-2:]
    seconds, user, system, kib = (float(word) for word in errors.strip().splitlines()[-1].split())
    disk.join()
    return (time.perf_counter() - started, user + system, kib / 1024, disk.most / 2**20), output


class Watched:
    """A process, and the one inside it that is looked at."""

    def __init__(self, child, pid):
        self.child, self.pid = child, pid

    def poll(self):
        return self.child.poll()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=pathlib.Path, help="folder that make.py wrote")
    parser.add_argument("--rounds", type=int, default=1)
    args = parser.parse_args()
    data = args.data.resolve()
    with tempfile.TemporaryDirectory(dir=data.parent) as work:
        work = pathlib.Path(work)
        (work / "labels.toml").write_text(SETTINGS + GROUND_TRUTH.format(data=data))
        (work / "plain.toml").write_text(SETTINGS)
        baseline = [str(DRIFTSCAN), "--config", "plain.toml", "baseline", str(data / "good.parquet"), "--out", "baseline"]
        subprocess.run(baseline, cwd=work, check=True, capture_output=True)
        backfill = [str(DRIFTSCAN), "--config", "labels.toml", "backfill", str(data / "predictions"), "--baseline", "baseline"]
        print(f"{'':<10}{'seconds':>9}{'cpu':>8}{'MiB':>8}{'disk MiB':>10}  first day")
        for _ in range(args.rounds):
            scratch = work / "scratch"
            for name, words in [
                ("driftscan", [*backfill, "--out", "results", "--threads", "2", "--quiet"]),
                ("duckdb", [sys.executable, "-c", DUCKDB.format(data=data, scratch=scratch)]),
                ("polars", [sys.executable, "-c", POLARS.format(data=data)]),
            ]:
                shutil.rmtree(work / "results", ignore_errors=True)
                scratch.mkdir()
                figures, printed = measured(words, work, scratch)
                if name == "driftscan" and figures:
                    printed = first_day(work / "results")
                shutil.rmtree(scratch)
                if figures is None:
                    print(f"{name:<10}  did not come to an end: {printed}")
                    continue
                print(f"{name:<10}{figures[0]:>9.1f}{figures[1]:>8.1f}{figures[2]:>8.0f}{figures[3]:>10.0f}  {str(printed).strip()}")


def first_day(results):
    import duckdb

    rows = duckdb.sql(
        f"SELECT metric, value FROM '{results}/scores/**/*.parquet' WHERE family = 'model_quality' "
        "AND metric IN ('accuracy', 'auc', 'brier') ORDER BY window_start, metric LIMIT 3"
    ).fetchall()
    return tuple(value for _, value in sorted(rows, key=lambda row: ["accuracy", "brier", "auc"].index(row[0])))


main()
