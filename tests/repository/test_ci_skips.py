"""A CI run leaves nothing out in silence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository.tree import ROOT

HOOK = "from tests.conftest import pytest_runtest_makereport\n"
CASES = '''
"""Two tests that find no broker."""
import pytest

@pytest.mark.required_in_ci
def test_that_must_run():
    """Needs a broker."""
    pytest.skip("no broker")

def test_that_may_be_left_out():
    """Would like a broker."""
    pytest.skip("no broker")
'''


@pytest.mark.parametrize(
    ("ci", "summary"),
    [
        ("1", "1 failed, 1 skipped"),
        ("",  "2 skipped"),
    ],
)  # fmt: skip
def test_a_required_test_that_skips_fails_in_ci_only(tmp_path: Path, ci: str, summary: str) -> None:
    """With BALANZA_CI a skip marked required_in_ci is a failure that names its cause; on a desk it is a skip."""
    (tmp_path / "conftest.py").write_text(HOOK, encoding="utf-8")
    (tmp_path / "test_cases.py").write_text(CASES, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path),
               "-p", "no:cacheprovider", "--color=no", str(tmp_path)]  # fmt: skip
    environment = os.environ | {"BALANZA_CI": ci, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (summary in run.stdout, "no broker" in run.stdout) == (True, True), run.stdout + run.stderr
