"""Google and Slack log-in are offered if configured, and an incomplete configuration stops the start."""

import os
import subprocess
import sys

import pytest

from tests.stack import ROOT


@pytest.mark.parametrize("name", ["GOOGLE_LOGIN", "SLACK_LOGIN"])
def test_a_client_id_without_its_secret_stops_the_start(name: str) -> None:
    environment = {**os.environ, f"{name}_CLIENT_ID": "roster"}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode != 0
    assert f"Set both {name}_CLIENT_ID and {name}_CLIENT_SECRET, or neither." in done.stderr
