"""What holds for every test: CI skips none."""

import os

import pytest

NO_SKIPS = "WATCHDAEMON_NO_SKIPS"
"""Set by CI, which installs everything the tests use: a skip there hides a missing install step."""

OUTSIDE = "outside the repository"
"""A skip whose reason holds these words is about material that is not always beside the repository: allowed in CI."""


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> object:
    """Turn skips into failures where none are allowed."""
    outcome = yield
    report: pytest.TestReport = outcome.get_result()  # type: ignore[attr-defined]  # pluggy's untyped result
    reason = str(report.longrepr)
    if report.skipped and os.environ.get(NO_SKIPS) and not hasattr(report, "wasxfail") and OUTSIDE not in reason:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped where nothing may be: {reason}"
    return call
