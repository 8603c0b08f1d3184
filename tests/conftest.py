"""What holds for every test: how hypothesis runs, and that a CI run leaves nothing out in silence."""

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

pytest_plugins = ["tests.kafka.fixtures"]

IN_CI = bool(os.environ.get("BALANZA_CI"))

# No deadline: a shared machine is slow at times, which says nothing about the code. In CI the examples are the same
# on every run, so that a red build is the commit's doing.
settings.register_profile("balanza", deadline=None, derandomize=IN_CI, print_blob=True)
settings.load_profile("balanza")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skip of a test marked `required_in_ci` into a failure when BALANZA_CI is set."""
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail") and item.get_closest_marker("required_in_ci"):
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} must not be skipped in CI. {why}"
    return report
