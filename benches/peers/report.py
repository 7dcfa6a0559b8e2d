"""The figures as Markdown tables."""


def numbers(*values):
    """Numbers as cells, with three digits that count."""
    return [f"{value:,.0f}" if value >= 100 else f"{value:.3g}" for value in values]


def table(header, rows):
    """A Markdown table; the first two columns are text."""
    lines = [header, ["---", "---", *("---:" for _ in header[2:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def markdown(report):
    """The whole report."""
    data = report["data"]
    parts = [
        f"{data['days']} days, {data['rows']:,} rows x {data['columns']} columns profiled, {data['bytes'] / 1e6:,.0f} MB; "
        f"{report['threads']} threads, median of {report['rounds']} rounds, round robin after a round that is dropped. "
        "driftscan does the full work, scores, checks and result tables each time.",
        engines(report["engines"]),
    ]
    if report["libraries"]:
        parts += [
            "Monitoring libraries, on a window already in memory: other work, so no more than an order of magnitude.",
            libraries(report["libraries"]),
        ]
    return "\n\n".join(parts)


def engines(rows):
    """One line for each engine and level."""
    header = ["engine", "level", "wall s", "CPU s", "peak MiB", "x wall", "x CPU", "M rows/s", "M cells/s"]
    lines = []
    for row in rows:
        cells = [row["wall_seconds"], row["cpu_seconds"], row["peak_mib"], row["times_wall"], row["times_cpu"]]
        cells += [row["rows_per_second"] / 1e6, row["cells_per_second"] / 1e6]
        lines.append([row["engine"], row["level"], *numbers(*cells)])
    return table(header, lines)


def libraries(rows):
    """One line for each library and what was asked of it."""
    header = ["library", "work", "wall s", "peak MiB", "M cells/s"]
    lines = []
    for row in rows:
        cells = numbers(row["wall_seconds"], row["peak_mib"], row["cells_per_second"] / 1e6)
        lines.append([row["library"], row["what"], *cells])
    return table(header, lines)
