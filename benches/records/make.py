"""Captures of an endpoint for a benchmark: DAYS days of hours in folders yyyy/mm/dd/hh, seeded.

usage: make.py DIR DAYS LINES_AN_HOUR [csv|json] [FEATURES]
"""

import datetime as dt
import json
import pathlib
import random
import sys

folder, days, lines = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
kind = sys.argv[4] if len(sys.argv) > 4 else "csv"
features = int(sys.argv[5]) if len(sys.argv) > 5 else 40
random.seed(7)
start = dt.datetime(2025, 1, 1, tzinfo=dt.timezone.utc)


def values(shift):
    row = []
    for column in range(features):
        if column % 4 == 0:
            row.append(random.randrange(100))
        elif column % 4 == 1:
            row.append(round(random.gauss(shift, 1), 4))
        elif column % 4 == 2:
            row.append(int(random.random() < 0.1))
        else:
            row.append(random.choice(["red", "green", "blue", "white"]))
    return row


# Drawing numbers costs more than writing them: the hours of a day share their rows.
for day in range(days):
    rows = [values(0.0 if day < days * 2 // 3 else 0.5) for _ in range(lines)]
    sides = []
    for row in rows:
        score = round(random.random(), 6)
        if kind == "csv":
            request, answer = ",".join(map(str, row)), f"{score}\n"
            encoding, content = "CSV", "text/csv"
        else:
            request = json.dumps({f"f{column}": value for column, value in enumerate(row)})
            answer, encoding, content = json.dumps({"score": score}), "JSON", "application/json"
        side = lambda mode, data: {"observedContentType": content, "mode": mode, "data": data, "encoding": encoding}
        captured = {"endpointInput": side("INPUT", request), "endpointOutput": side("OUTPUT", answer)}
        sides.append('{"captureData":' + json.dumps(captured, separators=(",", ":")) + ',"eventMetadata":{"eventId":"')
    for hour in range(24):
        begin = start + dt.timedelta(days=day, hours=hour)
        place = folder / begin.strftime("%Y/%m/%d/%H")
        place.mkdir(parents=True, exist_ok=True)
        stamp = begin.strftime("%Y-%m-%dT%H:")
        with open(place / "capture.jsonl", "w") as out:
            for line, text in enumerate(sides):
                second = line * 3600 // lines
                name = f"{day:04}-{hour:02}-{line:06}"
                out.write(f'{text}{name}","inferenceTime":"{stamp}{second // 60:02}:{second % 60:02}Z"}},"eventVersion":"0"}}\n')
