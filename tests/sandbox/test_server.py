"""The server: prefixes, the road's own faults, the control end-point, a quick start and stop."""

import json
import time
from datetime import timedelta

import httpx
import pytest
from tests.sandbox.conftest import APP_TOKEN, FB, START, Town

from watchdaemon.sandbox.faults import Fault, FaultKind
from watchdaemon.sandbox.server import SandboxServer, fault_from_json, fault_to_json
from watchdaemon.sandbox.world import World

ME = "v25.0/me"


def test_each_platform_has_its_prefix_and_its_count(town: Town) -> None:
    town.get(ME)
    town.client.get(town.server.base_url("instagram") + ME, params={"access_token": "x"})
    lost = town.client.get(f"{town.server.url}/myspace/v1")

    assert dict(town.server.requests) == {"facebook": 1, "instagram": 1}
    assert lost.status_code == 404
    with pytest.raises(KeyError, match="myspace"):
        town.server.base_url("myspace")


def test_an_outage_is_a_503(town: Town) -> None:
    town.fault(FaultKind.OUTAGE, account=None)

    assert town.get(ME).status_code == 503


def test_an_accounts_own_outage_leaves_the_others_alone(town: Town) -> None:
    town.fault(FaultKind.OUTAGE, account=FB)

    assert town.get(ME).status_code == 503
    assert town.get("v25.0/debug_token", token=APP_TOKEN, input_token="x").status_code == 200


def test_a_gateways_error_page_is_html(town: Town) -> None:
    town.fault(FaultKind.HTML_502, account=None)
    answer = town.get(ME)

    assert answer.status_code == 502
    assert answer.headers["content-type"].startswith("text/html")


def test_a_truncated_answer_is_no_json(town: Town) -> None:
    town.fault(FaultKind.TRUNCATED_JSON, account=None)
    answer = town.get(ME)

    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_an_empty_answer_has_no_body_at_all(town: Town) -> None:
    town.fault(FaultKind.EMPTY_200, account=None)
    answer = town.get(ME)

    assert answer.status_code == 200
    assert answer.content == b""


def test_a_slow_answer_comes_after_its_time(town: Town) -> None:
    town.faults.add(Fault(kind=FaultKind.SLOW, account=FB, seconds=0.05))
    before = time.monotonic()

    assert town.get(ME).status_code == 200
    assert time.monotonic() - before >= 0.05


def test_a_fault_ends_when_the_worlds_clock_passes_its_end(town: Town) -> None:
    town.fault(FaultKind.OUTAGE, account=None, to_at=town.clock.now + timedelta(hours=1))
    during = town.get(ME).status_code
    town.clock.move_to(town.clock.now + timedelta(hours=1))

    assert (during, town.get(ME).status_code) == (503, 200)


def test_faults_and_clock_are_set_over_http(town: Town) -> None:
    control = f"{town.server.url}/_sandbox"
    fault = {"kind": "outage", "platform": "facebook"}
    set_ = town.client.post(f"{control}/faults", json=[fault]).json()
    during = town.get(ME).status_code
    town.client.delete(f"{control}/faults")
    moved = town.client.post(f"{control}/clock", json={"advance_seconds": 90}).json()

    assert set_["faults"][0]["kind"] == "outage"
    assert during == 503
    assert town.get(ME).status_code == 200
    assert moved["now"] == "2026-11-02T19:01:30+00:00"
    assert town.client.get(f"{control}/status").json()["platforms"]["facebook"] == town.server.base_url("facebook")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", [{"kind": "earthquake"}]),
        ("faults", [{"kind": "outage", "plattform": "facebook"}]),
        ("faults", {"kind": "outage"}),
        ("faults", [{"kind": "outage", "from_at": "2026-11-02T10:00:00"}]),
        ("clock", {"to": "2026-11-01T10:00:00+00:00"}),
        ("clock", {"to": "2026-11-09"}),
        ("clock", {}),
    ],
)
def test_nonsense_to_the_control_end_point_is_refused_with_words(town: Town, path: str, body: object) -> None:
    answer = town.client.post(f"{town.server.url}/_sandbox/{path}", json=body)

    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_fault_survives_the_way_over_the_wire() -> None:
    fault = Fault(kind=FaultKind.SLOW, platform="x", account="a", path="dm", from_at=START, to_at=None, seconds=0.5)

    assert fault_from_json(fault_to_json(fault)) == fault


def test_it_starts_and_stops_within_a_second_and_lets_its_port_go() -> None:
    server = SandboxServer(World(lambda: START), apps={})
    before = time.monotonic()
    server.start()
    url = server.url
    with httpx.Client() as client:  # a kept-alive connection must not hold it up
        client.get(f"{url}/_sandbox/status")
        server.stop()
    server.stop()

    assert time.monotonic() - before < 1.0
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/_sandbox/status")
