"""Runs a command to its end and says what it took: time, processor and memory, all of the process alone."""

import os
import subprocess
import time
from typing import NamedTuple


class Cost(NamedTuple):
    """Wall seconds, user and system CPU seconds, and the most memory that was resident, in MiB."""

    wall_seconds: float
    cpu_seconds: float
    peak_mib: float


def run(command, environment=None, log=os.devnull):
    """The cost of a command and what it printed; a command that fails ends the program, with its log.

    The peak is at least that of this process when it forks, so whoever calls this must stay small.
    """
    with open(log, "w+", encoding="utf-8") as errors:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True,
            env=os.environ | (environment or {}),
        )
        printed = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stdout.close()
        if process.returncode:
            errors.seek(0)
            raise SystemExit(f"{errors.read()}error: exit code {process.returncode} of {' '.join(map(str, command))}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024), printed
