"""What all peers compute: the columns, with the edges that driftscan froze.

`python plan.py RESULTS PARTITION THREADS OUT DAY=PATH...`
"""

import json
import sys

import pyarrow
from pyarrow import dataset, parquet


def frozen_edges(results):
    """Inner edges of each feature of driftscan's `histograms`, ascending; none for categorical features."""
    table = dataset.dataset(f"{results}/histograms", format="parquet").to_table(["window_start", "feature", "lower"])
    rows = table.to_pylist()
    first = min(row["window_start"] for row in rows)
    edges = {}
    for row in rows:
        lowers = edges.setdefault(row["feature"], [])
        if row["window_start"] == first and row["lower"] is not None:
            lowers.append(row["lower"])
    return {feature: sorted(lowers) for feature, lowers in edges.items()}


def main():
    """Writes the plan."""
    results, partition, threads, out, *days = sys.argv[1:]
    days = [day.split("=", 1) for day in days]
    edges = frozen_edges(results)
    numeric, categorical = {}, []
    for field in parquet.read_schema(days[0][1]):
        if edges.get(field.name):
            lowers = edges[field.name]
            floating = pyarrow.types.is_floating(field.type)
            numeric[field.name] = {"edges": lowers, "centre": lowers[len(lowers) // 2], "floating": floating}
        elif field.name in edges:
            categorical.append(field.name)
    plan = {"days": days, "partition": partition, "threads": int(threads)}
    plan["rows"] = sum(parquet.read_metadata(path).num_rows for _, path in days)
    plan |= {"numeric": numeric, "categorical": categorical}
    with open(out, "w", encoding="utf-8") as file:
        json.dump(plan, file, indent=1)


if __name__ == "__main__":
    main()
