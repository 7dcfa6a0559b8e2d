"""Every table, in every reader: rows, names, types, and what must never be in a table."""

import unittest

import polars
import polars.selectors
import pyarrow.parquet

import contract
import readers



class Tables(unittest.TestCase):
    def test_readers_count_the_same_rows(self):
        for table in contract.TABLES:
            with self.subTest(table=table):
                counts = {reader.__name__: reader.rows(table) for reader in readers.ALL}
                self.assertEqual(len(set(counts.values())), 1, counts)
                self.assertGreater(counts["DuckDb"], 0)
                print(f"{table}: {counts['DuckDb']:,} rows in {len(readers.files(table))} files", flush=True)

    def test_columns_and_types_are_those_of_the_contract(self):
        for table in contract.TABLES:
            with self.subTest(table=table):
                for reader in readers.ALL:
                    expected = [(name, reader.TYPES[kind]) for name, kind, _ in contract.columns(table)]
                    self.assertEqual(reader.columns(table), expected, reader.__name__)

    def test_every_file_has_the_same_schema(self):
        for table in contract.TABLES:
            with self.subTest(table=table):
                first, *rest = (pyarrow.parquet.read_schema(path) for path in readers.files(table))
                for schema in rest:
                    self.assertTrue(schema.equals(first))

    def test_nulls_are_where_the_contract_allows_them(self):
        for table in contract.TABLES:
            with self.subTest(table=table):
                nulls = readers.Polars.table(table).null_count().row(0, named=True)
                full = [name for name, _, null in contract.columns(table) if not null]
                self.assertEqual([name for name in full if nulls[name]], [])

    def test_no_number_is_nan(self):
        for table in contract.TABLES:
            with self.subTest(table=table):
                rows = readers.Polars.table(table)
                if table == "violations":
                    parts = rows.select(polars.col("top_contributions").explode()).unnest("top_contributions")
                    rows = polars.concat([rows.drop("top_contributions"), parts], how="diagonal")
                nan = rows.select(polars.selectors.float().is_nan().sum())
                self.assertEqual([name for name in nan.columns if nan[name][0]], [])

    def test_words_are_known(self):
        for (table, column), words in contract.VALUES.items():
            with self.subTest(table=table, column=column):
                self.assertLessEqual(set(readers.Polars.table(table)[column]), words)

    def test_folders_are_named_after_the_day_the_window_starts(self):
        for table in contract.DATED:
            with self.subTest(table=table):
                rows = readers.Polars.table(table, hive=True)
                day = polars.col("window_start").dt.convert_time_zone(readers.zone()).dt.date()
                wrong = rows.filter(polars.col("window_date").cast(polars.Date) != day)
                self.assertEqual(wrong.height, 0, wrong.select("window_date", "window_start").head(3))

    def test_a_missing_score_says_why(self):
        scores = readers.Polars.table("scores")
        unexplained = scores.filter(polars.col("value").is_null() & polars.col("status").is_in(["ok", "violated"]))
        self.assertEqual(unexplained.height, 0, unexplained.head(3))


if __name__ == "__main__":
    unittest.main()
