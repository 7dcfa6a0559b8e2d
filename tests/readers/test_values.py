"""The tables against each other, and against the captures as Polars reads them."""

import unittest

import polars

import readers
from readers import Polars

CAPTURES = readers.ROOT / "data" / "nyc_flights_2013" / "predictions"
KEYS = ["window_start", "segment"]


def captures():
    """All flights, with the day they are in."""
    day = polars.col("event_ts").dt.convert_time_zone(readers.zone()).dt.date().alias("day")
    rows = polars.read_parquet(CAPTURES / "**" / "*.parquet", hive_partitioning=False).with_columns(day)
    return rows.filter(polars.col("day") >= polars.date(2013, 2, 1), polars.col("day") < polars.date(2014, 1, 1))


def with_day(table):
    day = polars.col("window_start").dt.convert_time_zone(readers.zone()).dt.date().alias("day")
    return Polars.table(table).with_columns(day).sort("day")


class Values(unittest.TestCase):
    def test_windows_hold_the_rows_of_their_day(self):
        theirs = captures().group_by("day").len().sort("day")
        ours = with_day("windows")
        self.assertEqual(ours["day"].to_list(), theirs["day"].to_list())
        self.assertEqual(ours["rows"].to_list(), theirs["len"].to_list())

    def test_features_are_described_as_polars_describes_them(self):
        for feature in ["dep_delay", "distance", "wind_gust", "arr_delay_pred"]:
            with self.subTest(feature=feature):
                column = polars.col(feature).cast(polars.Float64)
                present = column.fill_nan(None)
                theirs = (
                    captures()
                    .group_by("day")
                    .agg(
                        column.is_null().sum().cast(polars.Int64).alias("nulls"),
                        column.is_nan().sum().cast(polars.Int64).alias("nans"),
                        (present == 0).sum().cast(polars.Int64).alias("zeros"),
                        (present < 0).sum().cast(polars.Int64).alias("negatives"),
                        present.min().alias("min"),
                        present.max().alias("max"),
                        present.mean().alias("mean"),
                        present.std(ddof=0).alias("std_dev"),
                    )
                    .sort("day")
                )
                ours = with_day("features").filter(polars.col("feature") == feature).sort("day")
                for name in ["nulls", "nans", "zeros", "negatives", "min", "max"]:
                    self.assertEqual(ours[name].to_list(), theirs[name].to_list(), name)
                for name in ["mean", "std_dev"]:
                    for mine, other in zip(ours[name], theirs[name], strict=True):
                        self.assertEqual(mine is None, other is None)
                        if mine is not None:
                            self.assertAlmostEqual(mine, other, delta=1e-9 * (1 + abs(other)), msg=name)

    def test_windows_count_their_violations(self):
        counted = Polars.table("violations").group_by(KEYS).len(name="found")
        windows = Polars.table("windows").join(counted, on=KEYS, how="left", nulls_equal=True)
        found = windows["found"].fill_null(0).cast(polars.Int64)
        self.assertEqual(windows["violations"].to_list(), found.to_list())
        self.assertGreater(found.sum(), 0)

    def test_every_row_is_in_one_bin(self):
        bins = Polars.table("histograms").group_by([*KEYS, "feature"]).agg(
            polars.col("rows").sum().alias("binned"), polars.col("ratio").sum().alias("whole")
        )
        features = Polars.table("features").join(bins, on=[*KEYS, "feature"], how="inner", nulls_equal=True)
        self.assertEqual(features.height, bins.height)
        self.assertEqual(features["rows"].to_list(), features["binned"].to_list())
        self.assertLess((features["whole"] - 1).abs().max(), 1e-9)

    def test_sources_hold_all_rows(self):
        sources = Polars.table("sources")
        theirs = polars.scan_parquet(CAPTURES / "**" / "*.parquet").select(polars.len()).collect().item()
        self.assertEqual(sources["rows"].sum(), theirs)
        self.assertLessEqual(set(sources["status"]), {"profiled", "outside_range"})


if __name__ == "__main__":
    unittest.main()
