"""One comparison: the data, what driftscan makes of it, the plan for the peers, and the runs of all of them.

Standard library only: a process that starts others with little memory of its own does not blur their peaks.
"""

import json
import os
import pathlib
import shutil
import sys

from engines import DRIFTSCAN, LIBRARIES, PEERS
from measure import run

HERE = pathlib.Path(__file__).resolve().parent
CHECKOUT = HERE.parent.parent
TARGET = CHECKOUT / "target" / "peers"
WORK = TARGET / "work"
ROLES = ["--timestamp", "event_time", "--id", "request_id"]
CHECKED_DAYS = 4
WINDOW_ROWS = 50_000


def say(text):
    """Progress, on standard error."""
    print(text, file=sys.stderr, flush=True)


def python(environment, script, *rest):
    """A command that runs a script of this folder in one of the environments."""
    return [TARGET / environment / "bin" / "python", "-B", HERE / script, *map(str, rest)]


def tool(script, *rest):
    """Runs a script that is not measured; its output goes where that of this program goes."""
    sys.stderr.flush()
    command = list(map(str, python("engines", script, *rest)))
    if status := os.spawnv(os.P_WAIT, command[0], command):
        raise SystemExit(status)


def pinned(environment, package):
    """The version of a package in one of the environments."""
    lines = (HERE / "requirements" / f"{environment}.txt").read_text(encoding="utf-8").splitlines()
    return next(line.split("==")[1] for line in lines if line.startswith(f"{package}=="))


def staged(data, days):
    """A folder with links to the first days, and (day, path of its only file) for each; also the partition's name."""
    captures = WORK / "captures"
    captures.mkdir(parents=True)
    folders = sorted(folder for folder in data.resolve().glob("*=*") if folder.is_dir())[:days]
    if len(folders) < days:
        raise SystemExit(f"error: {data} has {len(folders)} days, not {days}")
    paths = []
    for folder in folders:
        files = list(folder.glob("*.parquet"))
        if len(files) != 1:
            raise SystemExit(f"error: {folder} has {len(files)} Parquet files, not 1")
        (captures / folder.name).symlink_to(folder)
        paths.append((folder.name.split("=", 1)[1], captures / folder.name / files[0].name))
    return captures, paths, folders[0].name.split("=", 1)[0]


class Comparison:
    """The data, the plan and the commands of one comparison."""

    def __init__(self, options):
        self.options = options
        self.driftscan = CHECKOUT / "target" / "release" / "driftscan"
        if not self.driftscan.exists():
            raise SystemExit("error: target/release/driftscan is missing: cargo build --release")
        shutil.rmtree(WORK, ignore_errors=True)
        data = options.data
        if data is None:
            data = TARGET / "data"
            say(f"data: {options.days} days in {data}")
            tool("make_data.py", data, "--days", options.days)
        self.captures, self.days, self.partition = staged(data, options.days)
        self.plan, self.results = WORK / "plan.json", WORK / "results"
        self.runs = [DRIFTSCAN, *(run for run in PEERS if run.engine in options.only)]

    def prepare(self):
        """Makes the baseline, and from driftscan's first results the plan of all others."""
        first = self.captures / self.days[0][1].parent.name
        run([self.driftscan, "baseline", first, "--out", WORK / "baseline", "--quiet", *ROLES], log=WORK / "log")
        self.measure(DRIFTSCAN)
        days = (f"{day}={path}" for day, path in self.days)
        tool("plan.py", self.results, self.partition, self.options.threads, self.plan, *days)

    def measure(self, which):
        """One run of an engine, over all days."""
        if which is DRIFTSCAN:
            shutil.rmtree(self.results, ignore_errors=True)
            command = [self.driftscan, "backfill", self.captures, "--baseline", WORK / "baseline"]
            command += ["--out", self.results, "--threads", str(self.options.threads), "--quiet", *ROLES]
        else:
            command = python("engines", f"{which.engine}_peer.py", self.plan, which.level, self.output(which))
        return run(command, log=WORK / "log")[0]

    def output(self, which):
        """Where a run leaves its results."""
        return WORK / f"{which.engine}-{which.level}.parquet"

    def check(self):
        """Runs everything once, which warms it up, and demands equal results."""
        for which in self.runs[1:]:
            say(f"warm-up: {which.label}")
            self.measure(which)
        tool("driftscan_tables.py", self.results, self.output(DRIFTSCAN))
        tool("check.py", self.plan, CHECKED_DAYS, *(f"{which.label}={self.output(which)}" for which in self.runs))

    def engines(self):
        """Timed rounds, every engine once a round; medians of all rounds."""
        costs = {which: [] for which in self.runs}
        for number in range(1, self.options.rounds + 1):
            for which in self.runs:
                costs[which].append(self.measure(which))
                say(f"round {number} of {self.options.rounds}: {which.label} {costs[which][-1].wall_seconds:.2f} s")
        return costs

    def libraries(self):
        """Monitoring libraries, on a window in memory."""
        found = []
        quiet = {"DO_NOT_TRACK": "1", "WHYLOGS_NO_ANALYTICS": "True", "OMP_NUM_THREADS": str(self.options.threads)}
        for name in self.libraries_asked():
            say(f"library: {name}")
            command = python(name, f"{name}_library.py", self.plan, WINDOW_ROWS, self.options.rounds)
            cost, printed = run(command, environment=quiet, log=WORK / "log")
            for line in printed.splitlines():
                found.append({"library": name, "peak_mib": cost.peak_mib} | json.loads(line))
        return found

    def libraries_asked(self):
        """Names of the libraries to run."""
        return [name for name in LIBRARIES if name in self.options.only]

    def versions(self):
        """The version of each engine that ran."""
        versions = {DRIFTSCAN.engine: run([self.driftscan, "--version"])[1].split()[-1]}
        for which in self.runs[1:]:
            versions[which.engine] = pinned("engines", which.engine)
        return versions | {name: pinned(name, name) for name in self.libraries_asked()}
