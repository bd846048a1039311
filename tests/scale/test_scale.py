"""Thousands of comments through storms and kills: what is stored is what is there, and nothing else.

Facebook and Instagram have the same scenario in tests/adapters/_graph/test_scale.py.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.costs.places import PLACES
from tests.scale.kinds import HABITS
from tests.scale.sea import Sea


@pytest.fixture(params=sorted(HABITS))
def sea(request: pytest.FixtureRequest) -> Iterator[Sea]:
    sea = Sea(PLACES[request.param])
    with sea.server:
        yield sea
    sea.road.close()
    assert sea.server.errors == []


def sail(sea: Sea, count: int, *, posts: int, tries: int, storm: bool, kills: bool) -> None:
    """The scenario: a backlog, changes, more comments, and a calm recheck."""
    comments = sea.write(count, posts=posts)
    sea.storm.every = 3 if storm else 0
    sea.poll_until_complete(tries=tries, has_kills=kills)
    assert sea.stored() == sea.truth()
    sea.change(comments, every=max(20, count // 200))
    sea.clock.advance(timedelta(hours=20))
    sea.write_more(30, timedelta(hours=19))
    sea.poll_until_complete(tries=tries, has_kills=kills)
    sea.storm.every = 0
    sea.clock.advance(timedelta(hours=1))  # a recheck of its own, long after the fetch
    sea.recheck()
    assert sea.stored() == sea.truth()
    assert (sea.storm.failed > 10) is storm
    assert (sea.passes["killed"] > 0) is kills


@pytest.mark.parametrize(
    ("storm", "kills"), [(False, False), (True, False), (False, True)], ids=["calm", "storm", "kills"]
)
def test_what_is_stored_is_what_is_there(sea: Sea, storm: bool, kills: bool) -> None:
    sail(sea, 700, posts=30, tries=300, storm=storm, kills=kills)


@pytest.mark.slow
@pytest.mark.timeout(300)  # twenty seconds on a machine of its own
def test_twelve_thousand_comments_are_stored_as_they_are_after_storms_and_kills(sea: Sea) -> None:
    sail(sea, 12_000, posts=60, tries=4000, storm=True, kills=True)
