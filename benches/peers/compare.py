"""Measures driftscan beside what a user would pick instead, over the same Parquet files, and checks results first."""

import argparse
import json
import pathlib
import statistics

import report
from comparison import Comparison
from engines import DRIFTSCAN, NAMES


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(prog="benches/peers/run", description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", type=pathlib.Path, help="folder with a folder for each day, as day=2026-01-01")
    parser.add_argument("--days", type=int, default=30, help="the first so many days [default: %(default)s]")
    parser.add_argument("--rounds", type=int, default=3, help="timed rounds [default: %(default)s]")
    parser.add_argument("--threads", type=int, default=2, help="threads of each engine [default: %(default)s]")
    parser.add_argument("--only", help=f"some of {','.join(NAMES)}; driftscan always runs")
    parser.add_argument("--format", choices=["markdown", "json"], default="markdown")
    parsed = parser.parse_args()
    parsed.only = parsed.only.split(",") if parsed.only else NAMES
    if unknown := set(parsed.only) - set(NAMES):
        parser.error(f"--only: {', '.join(sorted(unknown))} is not one of {', '.join(NAMES)}")
    if min(parsed.days, parsed.rounds, parsed.threads) < 1:
        parser.error("--days, --rounds and --threads must be at least 1")
    return parsed


def described(comparison, costs, libraries):
    """The report: every number that is printed, and the times of all rounds."""
    with open(comparison.plan, encoding="utf-8") as file:
        plan = json.load(file)
    rows, columns = plan["rows"], len(plan["numeric"]) + len(plan["categorical"])
    ours = [statistics.median(values) for values in zip(*costs[DRIFTSCAN])]
    engines = []
    for which, measured in costs.items():
        wall, cpu, peak = (statistics.median(values) for values in zip(*measured))
        engines.append({
            "engine": which.engine, "level": which.level,
            "wall_seconds": wall, "cpu_seconds": cpu, "peak_mib": peak,
            "times_wall": wall / ours[0], "times_cpu": cpu / ours[1],
            "rows_per_second": rows / wall, "cells_per_second": rows * columns / wall,
            "rounds_wall_seconds": [cost.wall_seconds for cost in measured],
            "rounds_cpu_seconds": [cost.cpu_seconds for cost in measured],
        })
    for library in libraries:
        library["wall_seconds"] = statistics.median(library["seconds"])
        library["cells_per_second"] = library["cells"] / library["wall_seconds"]
    return {
        "data": {
            "days": len(comparison.days), "rows": rows, "columns": columns,
            "bytes": sum(path.stat().st_size for _, path in comparison.days),
        },
        "threads": comparison.options.threads, "rounds": comparison.options.rounds,
        "versions": comparison.versions(), "engines": engines, "libraries": libraries,
    }


def main():
    """Runs the comparison and prints it."""
    options = arguments()
    comparison = Comparison(options)
    comparison.prepare()
    comparison.check()
    found = described(comparison, comparison.engines(), comparison.libraries())
    print(json.dumps(found, indent=1) if options.format == "json" else report.markdown(found))


if __name__ == "__main__":
    main()
