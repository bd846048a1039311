"""What holds for every test: CI skips none."""

import os
from collections.abc import Generator, Iterator
from typing import Any
from unittest import mock

import httpx
import pytest
from tests.conformance import meta

NO_SKIPS = "WATCHDAEMON_NO_SKIPS"
"""Set by CI, which installs everything the tests use: a skip there hides a missing install step."""

OUTSIDE = "outside the repository"
"""A skip whose reason holds these words is about material that is not always beside the repository: allowed in CI."""


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
def wrong_graph_requests() -> Iterator[list[str]]:
    """Collect what is wrong with requests to Meta's Graph, in whichever test they are sent."""
    faults: list[str] = []
    send = httpx.Client.send

    def judged(client: httpx.Client, request: httpx.Request, **arguments: Any) -> httpx.Response:
        faults.extend(meta.faults_in(request))
        return send(client, request, **arguments)

    with mock.patch.object(httpx.Client, "send", judged):
        yield faults


@pytest.fixture(autouse=True)
def _graph_is_asked_for_what_it_has(wrong_graph_requests: list[str]) -> Iterator[None]:
    """No test sends the Graph a field or parameter that Meta's own description does not have."""
    wrong_graph_requests.clear()
    yield
    assert wrong_graph_requests == []
