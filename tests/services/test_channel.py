"""The second channel, with the real apprise against a web server on loopback. Costs about two seconds."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest
import structlog
from pydantic import SecretStr
from tests.services.conftest import Office, account

from watchdaemon.domain.account import Person
from watchdaemon.domain.alert import Alert, AlertKind, AlertNotice
from watchdaemon.errors import ConfigError, Reason
from watchdaemon.services.channel import Channel, send_by_apprise, short_text

pytest.importorskip("apprise", reason="apprise is an extra: watchdaemon[channels]")
# apprise looks for a module of the standard library that goes in Python 3.13
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


class Gateway(BaseHTTPRequestHandler):
    """Keeps what is posted to it."""

    bodies: ClassVar[list[str]] = []
    status: ClassVar[int] = 200

    def do_POST(self) -> None:
        """Take a message."""
        self.bodies.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        """Say nothing."""


@pytest.fixture
def gateway() -> Iterator[str]:
    """A web server's apprise URL."""
    Gateway.bodies, Gateway.status = [], 200
    server = HTTPServer(("127.0.0.1", 0), Gateway)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"json://127.0.0.1:{server.server_port}/hook"
    server.shutdown()
    server.server_close()
    thread.join(5)


def notice(office: Office, person: str = "anna") -> AlertNotice:
    """One account is not watched; the detail is nobody else's business."""
    alert = Alert(
        kind=AlertKind.NOT_WATCHED,
        cause="a",
        accounts=("a",),
        reason=Reason.UNAUTHORISED,
        detail="HEMLIG DETALJ",
        opened_at=office.clock(),
    )
    reader = Person(key=person, name="Anna Exempel", mail="anna@example.org")
    return AlertNotice(
        recipient=reader, now=office.clock(), opened=(alert,), closed=(), accounts=(account("a"),), reminded=(alert,)
    )


def test_apprise_takes_a_short_text_that_names_nobody_and_quotes_nothing(office: Office, gateway: str) -> None:
    channel = Channel({"anna": "anna-channel"}, lambda _: SecretStr(gateway))

    channel.announce([notice(office), notice(office, "bo")])
    channel.wait(10)

    (body,) = (json.loads(b) for b in Gateway.bodies)
    assert (body["title"], body["message"]) == (
        "Bevakningen",
        "Nytt larm: 1. Påminnelser: 1. Över: 0. Läs mejlet.",
    )
    assert not [word for word in ("HEMLIG", "Anna", "Exempelkommun", "anna@") if word in json.dumps(body)]


def test_a_gateway_that_refuses_is_logged_without_its_address(office: Office, gateway: str) -> None:
    Gateway.status = 500
    channel = Channel({"anna": "anna-channel"}, lambda _: SecretStr(gateway))

    with structlog.testing.capture_logs() as logs:
        channel.announce([notice(office)])
        channel.wait(10)

    assert [e["event"] for e in logs] == ["channel_failed"]
    assert "127.0.0.1" not in repr(logs)


def test_a_missing_credential_a_bad_address_and_a_plug_in_that_raises_cost_nothing(office: Office) -> None:
    def missing(_: str) -> SecretStr:
        raise ConfigError("there is no credential 'anna-channel'")

    def broken(address: str, _title: str, _text: str) -> bool:
        raise RuntimeError(f"could not reach {address}")

    channels = [
        Channel({"anna": "x"}, missing),
        Channel({"anna": "x"}, lambda _: SecretStr("nonsense://")),
        Channel({"anna": "x"}, lambda _: SecretStr("json://secret"), send=broken),
    ]
    with structlog.testing.capture_logs() as logs:
        for channel in channels:
            channel.announce([notice(office)])
            channel.wait(10)

    assert [e["event"] for e in logs] == ["channel_failed"] * 3
    assert "secret" not in repr(logs)


def test_a_gateway_that_hangs_does_not_hold_the_caller(office: Office) -> None:
    go = threading.Event()
    channel = Channel({"anna": "x"}, lambda _: SecretStr("json://x"), send=lambda *_: go.wait(10))

    channel.announce([notice(office)])
    is_waiting = not go.is_set()
    go.set()
    channel.wait(10)

    assert is_waiting


def test_the_text_is_in_the_persons_language(office: Office) -> None:
    person = Person(key="bo", name="Bo", mail="bo@example.org", language="en")
    one = AlertNotice(recipient=person, now=office.clock(), opened=(), closed=(), accounts=())

    assert short_text(one)[1] == "New alerts: 0. Reminders: 0. Over: 0. Read the mail."


def test_an_address_that_apprise_does_not_know_is_refused_in_words() -> None:
    with pytest.raises(Exception, match="no address that apprise knows"):
        send_by_apprise("nonsense://", "a", "b")
