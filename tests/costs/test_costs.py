"""What the page of costs promises, measured; and that the page knows every platform that has a sandbox."""

from datetime import timedelta
from pathlib import Path

import pytest
from tests.costs.measure import MORNING, live, watching
from tests.costs.notes import FLOORS, NOTES
from tests.costs.page import CASES
from tests.costs.places import PLACES

from watchdaemon.domain.quota import Measure
from watchdaemon.sandbox.faults import Faults
from watchdaemon.sandbox.server import platform_apps
from watchdaemon.sandbox.world import World

PAGE = Path(__file__).parents[2] / "docs" / "platforms.md"


def test_every_platform_of_the_sandbox_is_measured_and_explained() -> None:
    apps = platform_apps(World(lambda: MORNING), Faults())

    assert set(PLACES) == set(FLOORS) == set(NOTES) == set(apps)
    text = PAGE.read_text("utf-8")
    assert all(f"## {platform}" in text for platform in apps)
    assert all(case.title in text for case in CASES)


def test_a_quiet_channel_takes_four_units_in_each_window_for_two_weeks() -> None:
    with watching(PLACES["youtube"]) as watch:
        live(watch, posts=60)
        watch.poll()
        units = [watch.poll(advance=timedelta(hours=hours)).sent[Measure.UNITS] for hours in (5, 19) * 14]

    assert max(units) == 5  # more than a hundred threads in the look-back: a second page
    assert units[-1] == 4  # they grew old


@pytest.mark.parametrize("new", [0, 1, 10])
def test_x_reads_no_more_posts_than_are_new(new: int) -> None:
    with watching(PLACES["x"]) as watch:
        posts = live(watch, posts=12)
        watch.poll()
        for number in range(new):
            watch.place.comment(watch.world, posts[-1], watch.clock() + timedelta(minutes=number), 1000 + number)
        cost = watch.poll()

    assert cost.sent[Measure.POSTS] == 0
    assert cost.billed[Measure.OWNED_POSTS] == new
    assert cost.sent[Measure.OWNED_POSTS] == new


def test_forty_quiet_pages_take_three_requests() -> None:
    with watching(PLACES["facebook"], accounts=40) as watch:
        live(watch, posts=3)
        watch.poll()

        assert watch.poll().requests <= 3
