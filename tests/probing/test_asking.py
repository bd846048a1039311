"""How an account is asked: each thing once, no more calls than were announced, and an end where going on is no use."""

import pytest

from watchdaemon.domain.probe import Told, Unknown
from watchdaemon.errors import AdapterError, Reason
from watchdaemon.http import RetryPolicy, Road
from watchdaemon_adapters._probing import Asked, Probe, Verdict, answers, as_assumed, is_falling, number

GONE_AWAY = "http://127.0.0.1:9/"


@pytest.fixture
def road() -> Road:
    """A road that tries once."""
    return Road(retries=RetryPolicy(tries=1))


def call(road: Road, account: str = "a") -> str:
    """One call that nobody answers; the road hears of it all the same."""
    with pytest.raises(AdapterError):
        road.request("GET", GONE_AWAY, platform="elsewhere", account=account)
    return "answer"


def test_the_same_thing_is_asked_once(road: Road) -> None:
    with Asked(road, account="a", most_calls=5) as asked:
        said = [asked.once("posts", lambda: call(road)) for _ in range(3)]

    assert (said, asked.calls) == (["answer"] * 3, 1)


def test_a_refusal_is_remembered_too(road: Road) -> None:
    def refuse() -> str:
        call(road)
        raise AdapterError("no", platform="x", reason=Reason.PERMISSION)

    with Asked(road, account="a", most_calls=5) as asked:
        for _ in range(3):
            with pytest.raises(AdapterError, match="no"):
                asked.once("posts", refuse)

    assert asked.calls == 1


def test_no_more_is_asked_than_was_announced(road: Road) -> None:
    with Asked(road, account="a", most_calls=2) as asked:
        asked.once(1, lambda: call(road))
        asked.once(2, lambda: call(road))
        with pytest.raises(AdapterError, match="announced are used up"):
            asked.once(3, lambda: call(road))

        assert asked.once(1, lambda: call(road)) == "answer"
    assert asked.calls == 2


def test_other_accounts_calls_and_what_comes_afterwards_are_not_counted(road: Road) -> None:
    with Asked(road, account="a", most_calls=2) as asked:
        call(road, account="b")
    call(road)

    assert asked.calls == 0


@pytest.mark.parametrize(
    ("reason", "second"),
    [
        (Reason.PERMISSION, Told.AS_ASSUMED),
        (Reason.GONE, Told.AS_ASSUMED),
        (Reason.UNAUTHORISED, Told.UNTOLD),
        (Reason.RATE_LIMITED, Told.UNTOLD),
        (Reason.OUTAGE, Told.UNTOLD),
    ],
)
def test_only_what_strikes_the_account_ends_the_asking(reason: Reason, second: Told) -> None:
    def refuse(_: None) -> Verdict:
        raise AdapterError("no", platform="x", reason=reason)

    def tell(_: None) -> Verdict:
        return as_assumed("yes")

    probes = [
        Probe(unknown=Unknown(name=name, question="?", assumed="", otherwise=""), ask=ask)
        for name, ask in (("first", refuse), ("second", tell))
    ]
    first, then = answers(probes, None)

    assert (first.told, then.told) == (Told.UNTOLD, second)
    assert first.evidence == "the platform did not show it: no"


@pytest.mark.parametrize(
    ("moments", "falls"), [([], True), ([1], True), ([3, 2, 2, 1], True), ([1, 2], False), ([3, 1, 2], False)]
)
def test_newest_first_allows_equal_times(moments: list[int], falls: bool) -> None:
    assert is_falling(moments) is falls


@pytest.mark.parametrize(
    ("count", "noun", "words"), [(1, "reply", "1 reply"), (2, "reply", "2 replies"), (0, "post", "0 posts")]
)
def test_counts_are_written_as_people_write_them(count: int, noun: str, words: str) -> None:
    assert number(count, noun) == words
