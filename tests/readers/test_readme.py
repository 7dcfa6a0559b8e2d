"""The README's SQL runs as it stands there, and says what the README says it does."""

import datetime
import os
import re
import unittest

import duckdb

import readers


def blocks(language):
    """The blocks of the README in a language, in order."""
    text = (readers.ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


class Readme(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        os.chdir(readers.FOLDER)

    def rows(self, index):
        result = duckdb.sql(blocks("sql")[index])
        rows = [dict(zip(result.columns, row)) for row in result.fetchall()]
        self.assertTrue(rows)
        print(f"query {index + 1}: {len(rows)} rows, the first {rows[0]}", flush=True)
        return rows

    def test_there_are_four_queries(self):
        self.assertEqual(len(blocks("sql")), 4)

    def test_excerpts_are_what_the_program_prints(self):
        printed = set(readers.OUTPUT.read_text(encoding="utf-8").splitlines())
        excerpts = [line for block in blocks("text") for line in block.splitlines() if line.strip(" .")]
        self.assertGreater(len(excerpts), 10)
        for line in excerpts:
            with self.subTest(line=line):
                self.assertIn(line, printed)

    def test_worst_windows(self):
        rows = self.rows(0)
        found = [row["violations"] for row in rows]
        self.assertEqual(found, sorted(found, reverse=True))
        self.assertGreater(found[0], 0)

    def test_what_broke_in_the_blizzard(self):
        days = {row["window_date"] for row in self.rows(1) if row["feature"] == "dep_delay"}
        self.assertEqual(days, {datetime.date(2013, 2, 8), datetime.date(2013, 2, 9)})

    def test_history_of_a_missing_share(self):
        rows = self.rows(2)
        days = [row["window_date"] for row in rows]
        self.assertEqual(days, sorted(set(days)))
        missing = {row["window_date"]: row["missing"] for row in rows}
        self.assertGreater(missing[datetime.date(2013, 2, 9)], 0.5)
        self.assertTrue(all(0 <= share <= 1 for share in missing.values()))

    def test_days_of_wrong_predictions(self):
        rows = self.rows(3)
        accuracies = [row["accuracy"] for row in rows]
        self.assertEqual(accuracies, sorted(accuracies))
        captures, labels = (f"data/nyc_flights_2013/{name}/**/*.parquet" for name in ("predictions", "labels"))
        expected, labelled = duckdb.execute(
            f"""SELECT round(avg(((late_prob >= 0.5) = (late = 1))::DOUBLE), 3), round(count(late) / count(*), 3)
            FROM '{captures}' LEFT JOIN '{labels}' USING (event_id)
            WHERE (event_ts AT TIME ZONE 'UTC')::DATE = ?""",
            [rows[0]["window_date"]],
        ).fetchall()[0]
        self.assertEqual((rows[0]["accuracy"], rows[0]["labelled"]), (expected, labelled))


if __name__ == "__main__":
    unittest.main()
