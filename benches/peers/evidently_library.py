"""Evidently: its presets for drift (PSI) and for a summary, of one window against another, both in memory."""

import json
import warnings

from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset, DataSummaryPreset

from window import arguments, seconds_of, window


def main():
    """Prints one JSON object for each preset; cells are those of both windows."""
    warnings.simplefilter("ignore")
    plan, rows, rounds = arguments()
    definition = DataDefinition(numerical_columns=list(plan["numeric"]), categorical_columns=plan["categorical"])
    reference, current = window(plan, 0, rows), window(plan, -1, rows)
    for what, preset in [("drift preset, PSI", DataDriftPreset(method="psi")), ("summary preset", DataSummaryPreset())]:

        def run(preset=preset):
            both = (Dataset.from_pandas(frame, data_definition=definition) for frame in (current, reference))
            Report([preset]).run(*both)

        print(json.dumps({"what": what, "cells": current.size + reference.size, "seconds": seconds_of(run, rounds)}))


if __name__ == "__main__":
    main()
