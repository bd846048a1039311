"""One real mail server for all tests of this room."""

from collections.abc import Iterator

import pytest
from tests.mta.mta import Mta, missing, running
from tests.services.conftest import office as office  # noqa: PLC0414 - the fixture, for this room, too

from watchdaemon.mail.sink import SmtpSink


@pytest.fixture(scope="session")
def mta() -> Iterator[Mta]:
    """OpenSMTPD on loopback."""
    why = missing()
    if why is not None:
        pytest.skip(why)
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def further(mta: Mta) -> Iterator[SmtpSink]:
    """The server that OpenSMTPD passes mails on to; one for all tests, for it keeps its connections."""
    with SmtpSink(port=mta.relay) as server:
        yield server
