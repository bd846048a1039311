"""Whatever an adapter sends in any test, in whichever process, is brought before its platform's own description."""

import subprocess
import sys

import pytest
from tests.conformance.judges import JUDGES, Record, faults_of
from tests.conformance.wire import Sent, unchecked
from tests.costs.measure import live, watching
from tests.costs.places import PLACES

from watchdaemon.errors import AdapterError
from watchdaemon.http import RetryPolicy, Road

NOWHERE = "http://127.0.0.1:9"
"""Nobody listens there: what matters is what was sent."""

GOOD = {
    "bluesky": "xrpc/app.bsky.feed.getQuotes?uri=at://did:plc:x/app.bsky.feed.post/1",
    "facebook": "v25.0/1/feed?fields=id",
    "instagram": "v25.0/1/media?fields=id",
    "mastodon": "api/v1/conversations?limit=40",
    "threads": "v1.0/me/threads?fields=id",
    "x": "2/users/12/mentions?max_results=5",
    "youtube": "youtube/v3/channels?part=id&mine=true",
}


def at_hand(platform: str) -> None:
    where, _ = JUDGES[platform]
    if where is not None and not where.exists():
        pytest.skip(f"the description of {platform} lies outside the repository")


def ask(platform: str, address: str) -> None:
    with Road(retries=RetryPolicy(tries=1)) as road, pytest.raises(AdapterError):
        road.request("GET", f"{NOWHERE}/{platform}/{address}", platform=platform)


@pytest.mark.parametrize("platform", sorted(GOOD))
def test_a_wrong_parameter_is_named_wherever_it_is_sent(platform: str, sent_requests: Record) -> None:
    at_hand(platform)

    ask(platform, GOOD[platform])
    right = sent_requests.faults()
    ask(platform, f"{GOOD[platform]}&colour=red")
    wrong = sent_requests.faults()

    assert right == []
    assert len(wrong) == 1
    assert "colour" in wrong[0]
    assert sent_requests.faults() == []  # said once: it is no other test's


CHILD = f"""
from watchdaemon.errors import AdapterError
from watchdaemon.http import RetryPolicy, Road
try:
    Road(retries=RetryPolicy(tries=1)).request("GET", "{NOWHERE}/threads/v1.0/me?fields=id,mood", platform="threads")
except AdapterError:
    print("sent")
"""


def test_what_a_process_sends_that_a_test_starts_is_judged_too(sent_requests: Record) -> None:
    done = subprocess.run([sys.executable, "-c", CHILD], check=True, capture_output=True, text=True)

    assert done.stdout.endswith("sent\n")
    assert sent_requests.faults() == ["GET /threads/v1.0/me: no field mood"]


@pytest.mark.parametrize("platform", sorted(PLACES))
def test_a_whole_poll_is_recorded(platform: str, sent_requests: Record) -> None:
    before = sent_requests.judged[platform]
    with watching(PLACES[platform]) as watch:
        live(watch, posts=2)
        cost = watch.poll()

    assert sent_requests.judged[platform] - before == cost.requests > 0


def test_mangled_addresses_and_third_parties_are_nobodys_fault(sent_requests: Record) -> None:
    with unchecked():
        ask("threads", "v1.0/nothing")

    assert sent_requests.faults() == []
    assert faults_of(Sent("GET", "/nothing", (), "example")) == []


def test_every_platform_that_is_read_has_a_judge() -> None:
    assert set(PLACES) == set(JUDGES) == set(GOOD)
