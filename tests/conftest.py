"""What holds for every test: CI skips none."""

import os
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from tests.conformance.judges import Record
from tests.conformance.wire import Notebook, recording

NO_SKIPS = "WATCHDAEMON_NO_SKIPS"
"""Set by CI, which installs everything the tests use: a skip there hides a missing install step."""

OUTSIDE = "outside the repository"
"""A skip whose reason holds these words is about material that is not always beside the repository: allowed in CI."""


def pytest_xdist_auto_num_workers() -> int:
    """Give each core two workers: a third of a run is waiting for servers, systemd and a browser."""
    return 2 * (os.cpu_count() or 1)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Turn skips into failures where none are allowed."""
    outcome = yield
    report: pytest.TestReport = outcome.get_result()
    reason = str(report.longrepr)
    if report.skipped and os.environ.get(NO_SKIPS) and not hasattr(report, "wasxfail") and OUTSIDE not in reason:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped where nothing may be: {reason}"


@pytest.fixture(scope="session")
def sent_requests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    """Record what every adapter sends in this run, in the processes that tests start too."""
    notebook = Notebook(tmp_path_factory.mktemp("requests"))
    record = Record(notebook)
    with pytest.MonkeyPatch.context() as patch, recording(record.take):
        for name, value in notebook.environment().items():
            patch.setenv(name, value)
        yield record


@pytest.fixture(autouse=True)
def _platforms_are_asked_for_what_they_have(sent_requests: Record) -> Iterator[None]:
    """No adapter sends a path, field or parameter that the platform's own description does not have."""
    yield
    assert sent_requests.faults() == []
