"""What is run, and what each run promises of the numbers that need not be exact."""

import math
from typing import NamedTuple


class Run(NamedTuple):
    """An engine at a level of work.

    distinct  largest relative error of a distinct count that the check lets pass; 0 where it is exact
    rank      largest error of a quantile in rank, as a share of the rows; 0 where it is exact
    """

    engine: str
    level: str
    distinct: float = 0.0
    rank: float = 0.0

    @property
    def label(self):
        """As in `polars:full`."""
        return f"{self.engine}:{self.level}"


def hyperloglog(registers):
    """Four times the standard error: beyond it lies one estimate in sixteen thousand."""
    return 4 * 1.04 / math.sqrt(registers)


# No slot between two single values holds more than 1/256 of the baseline; of a window that moved away from it, as the
# later days of drifting data do, a slot may hold more.
DRIFTSCAN = Run("driftscan", "full", distinct=hyperloglog(4096), rank=0.01)

PEERS = [
    *(Run(engine, level) for level in ("basic", "full") for engine in ("pyarrow", "polars", "duckdb", "datafusion")),
    Run("duckdb", "full-approx", distinct=hyperloglog(1024)),
]

# Monitoring libraries, which do other work on a window in memory; each has an environment of its own.
LIBRARIES = ("evidently", "whylogs")
NAMES = sorted({run.engine for run in PEERS}) + list(LIBRARIES)
