"""The road, against a real server on loopback."""

import gzip
import logging
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
import structlog
from tests.http.conftest import Planned, Server

from watchdaemon import __version__
from watchdaemon.errors import Reason, RetriableError
from watchdaemon.http import LEAKY_LOGGERS, Exchange, RetryPolicy, Road, retry_after


class Waits(list[float]):
    """A sleep that only takes notes."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def road(waits: Waits) -> Iterator[Road]:
    made = Road(timeout=5, sleep=waits)
    yield made
    made.close()


def test_an_answer_comes_back_whatever_its_status(road: Road, server: Server) -> None:
    server.plan(Planned(404, b"{}"))

    answer = road.request("GET", f"{server.url}/x", platform="p", params={"q": "å ä"})

    assert answer.status_code == 404
    assert server.seen[0].query == {"q": ["å ä"]}
    assert server.seen[0].headers["user-agent"] == f"watchdaemon/{__version__}"


def test_parameters_are_added_to_those_the_address_has(road: Road, server: Server) -> None:
    road.request("GET", f"{server.url}/x?after=a%3D", platform="p", params={"limit": "5"})
    road.request("GET", f"{server.url}/x?after=a%3D", platform="p")

    assert [s.query for s in server.seen] == [{"after": ["a="], "limit": ["5"]}, {"after": ["a="]}]


@pytest.mark.parametrize("status", [0, 429, 500, 503])
def test_a_get_is_tried_again_after_a_moment(road: Road, server: Server, waits: Waits, status: int) -> None:
    server.plan(Planned(status), Planned(status))

    assert road.request("GET", server.url, platform="p").status_code == 200
    assert len(server.seen) == 3
    assert 0.5 <= waits[0] <= 0.75
    assert 1.0 <= waits[1] <= 1.5


@pytest.mark.parametrize("status", [200, 302, 400, 403, 501])
def test_an_answer_that_would_not_change_is_not_asked_for_again(road: Road, server: Server, status: int) -> None:
    server.plan(Planned(status, headers={"Location": "/elsewhere"}))

    assert road.request("GET", server.url, platform="p").status_code == status
    assert len(server.seen) == 1


def test_a_post_is_never_repeated_unless_the_caller_says_so(road: Road, server: Server) -> None:
    server.plan(Planned(503), Planned(503))

    first = road.request("POST", server.url, platform="p", data={"a": "b"})
    second = road.request("POST", server.url, platform="p", json={"a": 1}, idempotent=True)

    assert (first.status_code, second.status_code) == (503, 200)
    assert [s.body for s in server.seen] == [b"a=b", b'{"a":1}', b'{"a":1}']


def test_the_last_bad_answer_is_given_when_tries_run_out(road: Road, server: Server) -> None:
    server.plan(*[Planned(502)] * 3)

    assert road.request("GET", server.url, platform="p").status_code == 502
    assert len(server.seen) == 3


def test_retry_after_is_waited_for(road: Road, server: Server, waits: Waits) -> None:
    server.plan(Planned(429, headers={"Retry-After": "7"}))

    road.request("GET", server.url, platform="p")

    assert waits == [7.0]


def test_a_wait_that_is_too_long_is_the_callers_to_plan(road: Road, server: Server, waits: Waits) -> None:
    server.plan(Planned(429, headers={"Retry-After": "3600"}))

    answer = road.request("GET", server.url, platform="p")

    assert answer.status_code == 429
    assert waits == []


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Retry-After": "120"}, timedelta(seconds=120)),
        (
            {"Retry-After": "Fri, 20 Nov 2026 08:00:30 GMT", "Date": "Fri, 20 Nov 2026 08:00:00 GMT"},
            timedelta(seconds=30),
        ),
        ({"Retry-After": "Fri, 20 Nov 2026 08:00:00 GMT", "Date": "Fri, 20 Nov 2026 09:00:00 GMT"}, timedelta(0)),
        ({"Retry-After": "Fri, 20 Nov 2026 08:00:30 GMT"}, None),
        ({"Retry-After": "soon", "Date": "Fri, 20 Nov 2026 08:00:00 GMT"}, None),
        ({"Retry-After": "9" * 5000}, timedelta(days=10)),
        ({"Retry-After": "-5"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date_measured_from_the_answers_own(
    headers: dict[str, str], expected: timedelta | None
) -> None:
    assert retry_after(headers) == expected


def test_a_caller_may_say_which_answers_are_worth_another_try(road: Road, server: Server) -> None:
    server.plan(Planned(500))

    answer = road.request("GET", server.url, platform="p", should_retry=lambda _: False)

    assert answer.status_code == 500
    assert len(server.seen) == 1


def test_no_answer_is_a_retriable_error_that_tells_nothing_secret(road: Road, waits: Waits) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/me?access_token=hemligt"
        with pytest.raises(RetriableError) as caught:
            road.request("GET", url, platform="p", account="a")

    assert (caught.value.platform, caught.value.account, caught.value.reason) == ("p", "a", Reason.OUTAGE)
    assert "hemligt" not in str(caught.value)
    assert caught.value.__context__ is None
    assert len(waits) == 2


def test_a_silent_server_is_given_up_after_the_time_out(waits: Waits) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}/"
        hasty = Road(timeout=0.05, sleep=waits, retries=RetryPolicy(tries=2))

        with hasty as road, pytest.raises(RetriableError, match="ReadTimeout"):
            road.request("GET", url, platform="p")


@pytest.mark.parametrize("url", ["http://example.org:port/", "ftp://example.org/", "example.org", ""])
def test_an_address_that_is_none_is_refused_at_once(road: Road, waits: Waits, url: str) -> None:
    with pytest.raises(RetriableError) as caught:
        road.request("GET", url, platform="p")

    assert caught.value.reason is Reason.MALFORMED
    assert waits == []


@pytest.mark.parametrize("token", ["hemligt\n", "hemligt\u20ac"])
def test_a_token_that_no_header_can_hold_is_refused_without_being_quoted(
    road: Road, server: Server, waits: Waits, token: str
) -> None:
    with pytest.raises(RetriableError) as caught:
        road.request("GET", server.url, platform="p", headers={"Authorization": token})

    assert caught.value.reason is Reason.MALFORMED
    assert "hemligt" not in str(caught.value)
    assert waits == []


def test_an_answer_above_the_limit_is_not_read_to_its_end(server: Server, waits: Waits) -> None:
    server.plan(Planned(200, b"x" * 3_000_000))

    with (
        Road(sleep=waits, max_body_bytes=1_000_000) as road,
        pytest.raises(RetriableError, match="too large") as caught,
    ):
        road.request("GET", server.url, platform="p")

    assert caught.value.reason is Reason.MALFORMED
    assert len(server.seen) == 1


def test_a_packed_answer_is_unpacked_once(road: Road, server: Server) -> None:
    packed = gzip.compress(b'{"text": "hej"}')
    server.plan(Planned(200, packed, {"Content-Type": "application/json", "Content-Encoding": "gzip"}))

    assert road.request("GET", server.url, platform="p").json() == {"text": "hej"}


def test_a_broken_packing_is_no_answer(road: Road, server: Server) -> None:
    server.plan(*[Planned(200, b"not gzip", {"Content-Encoding": "gzip"})] * 3)

    with pytest.raises(RetriableError) as caught:
        road.request("GET", server.url, platform="p")

    assert caught.value.reason is Reason.MALFORMED


def test_a_thread_reuses_its_connection_and_shares_it_with_none(road: Road, server: Server) -> None:
    def ask() -> None:
        road.request("GET", server.url, platform="p")
        road.request("GET", server.url, platform="p")

    ask()
    other = threading.Thread(target=ask)
    other.start()
    other.join()

    ports = [s.port for s in server.seen]
    assert ports[0] == ports[1]
    assert ports[2] == ports[3]
    assert ports[0] != ports[2]


def test_clients_of_ended_threads_are_closed(road: Road, server: Server) -> None:
    for _ in range(5):
        worker = threading.Thread(target=lambda: road.request("GET", server.url, platform="p"))
        worker.start()
        worker.join()
    road.request("GET", server.url, platform="p")

    assert len(road._clients) == 1


def test_a_closed_road_opens_again(road: Road, server: Server) -> None:
    road.request("GET", server.url, platform="p")
    road.close()

    assert road.request("GET", server.url, platform="p").status_code == 200


def test_cookies_do_not_travel_from_one_request_to_the_next(road: Road, server: Server) -> None:
    server.plan(Planned(200, headers={"Set-Cookie": "session=annas"}))
    road.request("GET", server.url, platform="p")
    road.request("GET", server.url, platform="p")

    assert "cookie" not in server.seen[1].headers


def test_proxies_of_the_environment_are_not_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)

    with Road() as road:
        answer = road.request("GET", server.url, platform="p")

    assert answer.status_code == 200


def test_every_try_is_an_exchange_without_query_or_body(server: Server, waits: Waits) -> None:
    exchanges: list[Exchange] = []
    server.plan(Planned(503), Planned(200, headers={"X-App-Usage": "{}"}))

    with Road(sleep=waits, on_exchange=exchanges.append) as road:
        road.request("GET", f"{server.url}/v25.0/me?access_token=hemligt", platform="p", account="a")

    assert [(e.platform, e.account, e.method, e.path, e.status) for e in exchanges] == [
        ("p", "a", "GET", "/v25.0/me", 503),
        ("p", "a", "GET", "/v25.0/me", 200),
    ]
    assert exchanges[1].headers["x-app-usage"] == "{}"
    assert "hemligt" not in repr(exchanges)


def test_logs_hold_no_token_even_when_everything_is_logged(
    road: Road, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as lines:
        road.request(
            "POST",
            f"{server.url}/me?access_token=hemligt",
            platform="p",
            data={"message": "hemligt"},
            headers={"Authorization": "hemligt"},
        )

    assert "hemligt" not in caplog.text
    assert "hemligt" not in repr(lines)
    assert {k: lines[0][k] for k in ("event", "method", "path", "status")} == {
        "event": "http.exchange",
        "method": "POST",
        "path": "/me",
        "status": 200,
    }


@pytest.mark.parametrize("name", LEAKY_LOGGERS)
def test_loggers_that_leak_are_kept_quiet(road: Road, name: str) -> None:
    assert not logging.getLogger(name).isEnabledFor(logging.INFO)
