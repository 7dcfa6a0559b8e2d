"""Writes the corpus of Parquet files to `data/encodings`, reads every file back, and prints what they cover.

Run as `python tests/corpus/make.py [WRITER ...]`, with the packages of `requirements.txt` and, for Spark, Java 17.
"""

import importlib
import shutil
import sys
from pathlib import Path

import check
import coverage

FOLDER = Path(__file__).resolve().parents[2] / "data" / "encodings"
WRITERS = ["pyarrow", "duckdb", "spark", "fastparquet", "polars"]


def main():
    for writer in sys.argv[1:] or WRITERS:
        folder = FOLDER / writer
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for path, expected in importlib.import_module(f"by_{writer}").write(folder):
            check.file(path, expected)
    coverage.show(sorted(FOLDER.glob("*/*.parquet")))


if __name__ == "__main__":
    main()
