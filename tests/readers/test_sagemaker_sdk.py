"""The SageMaker SDK reads a baseline and changes it, and `check` does what the change says."""

import json
import logging
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from moto.server import ThreadedMotoServer

from readers import FOLDER, ROOT

CAPTURES = ROOT / "data" / "nyc_flights_2013" / "predictions"
BUCKET = "driftscan"
ROLES = [
    *("--timestamp", "event_ts", "--id", "event_id", "--ignore", "flight"),
    *("--prediction", "arr_delay_pred", "--probability", "late_prob"),
]


def driftscan(*arguments):
    """What the program prints as JSON; anything but success or violations fails."""
    command = [os.environ["DRIFTSCAN"], *arguments, *ROLES, "--quiet", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def violated(baseline):
    """Features that February breaks a constraint of."""
    found = driftscan("check", str(CAPTURES / "month=2013-02"), "--baseline", str(baseline))
    return {violation["feature"] for violation in found["violations"]}


class SageMakerSdk(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        cls.server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
        cls.server.start()
        cls.addClassCleanup(cls.server.stop)
        host, port = cls.server.get_host_and_port()
        # No settings and no credentials but these are to be looked for.
        os.environ.update(
            AWS_ENDPOINT_URL=f"http://{host}:{port}",
            AWS_ACCESS_KEY_ID="test",
            AWS_SECRET_ACCESS_KEY="test",
            AWS_DEFAULT_REGION="us-east-1",
            AWS_EC2_METADATA_DISABLED="true",
        )
        logging.getLogger("sagemaker.config").setLevel(logging.ERROR)
        from sagemaker.model_monitor import Constraints, Statistics
        from sagemaker.session import Session

        cls.Statistics, cls.Constraints = Statistics, Constraints
        cls.session = Session(default_bucket=BUCKET)
        cls.folder = Path(tempfile.mkdtemp(dir=FOLDER))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        good = str(CAPTURES / "month=2013-01")
        driftscan("baseline", good, "--out", str(cls.folder / "compat"), "--compat", "sagemaker")
        driftscan("baseline", good, "--out", str(cls.folder / "plain"))

    def test_it_loads_both_documents(self):
        for baseline in ["plain", "compat"]:
            for kind, name in [(self.Statistics, "statistics.json"), (self.Constraints, "constraints.json")]:
                with self.subTest(baseline=baseline, name=name):
                    path = self.folder / baseline / name
                    loaded = kind.from_file_path(str(path), sagemaker_session=self.session)
                    self.assertEqual(loaded.body_dict, json.loads(path.read_text(encoding="utf-8")))
                    self.assertEqual(loaded.body_dict["version"], 0.0)
                    self.assertEqual(len(loaded.body_dict["features"]), 23)
                    self.assertTrue(loaded.file_s3_uri.startswith(f"s3://{BUCKET}/monitoring/"))

    def test_what_it_switches_off_is_not_judged(self):
        baseline = self.folder / "switched"
        shutil.copytree(self.folder / "plain", baseline)
        before = violated(baseline)
        self.assertIn("tailnum", before)
        path = baseline / "constraints.json"
        constraints = self.Constraints.from_file_path(str(path), sagemaker_session=self.session)

        constraints.set_monitoring(False, feature_name="tailnum")
        self.assertEqual(violated(self.saved(constraints, path)), before - {"tailnum"})

        constraints.set_monitoring(False)
        self.assertEqual(violated(self.saved(constraints, path)), set())

    def saved(self, constraints, path):
        """The folder of a document, with what the SDK saved in S3."""
        from sagemaker.s3 import S3Downloader

        address = constraints.save()
        text = S3Downloader.read_file(address, sagemaker_session=self.session)
        path.write_text(text, encoding="utf-8")
        return path.parent


if __name__ == "__main__":
    unittest.main()
