"""whylogs: the profile of one window in memory."""

import json
import warnings

import whylogs

from window import arguments, seconds_of, window


def main():
    """Prints one JSON object; cells are those of the window."""
    warnings.simplefilter("ignore")
    plan, rows, rounds = arguments()
    current = window(plan, -1, rows)
    seconds = seconds_of(lambda: whylogs.log(current).view(), rounds)
    print(json.dumps({"what": "profile", "cells": current.size, "seconds": seconds}))


if __name__ == "__main__":
    main()
