"""When a mail is tried again."""

from datetime import UTC, datetime

import pytest

from watchdaemon.rules.delivery import next_attempt

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("failed", "minutes"),
    [(1, 1), (2, 5), (3, 15), (4, 30), (5, 60), (6, 120), (7, 240), (8, 240), (1000, 240), (0, 1)],
)
def test_the_gaps_grow_to_four_hours_and_stay_there(failed: int, minutes: int) -> None:
    assert (next_attempt(failed, NOW) - NOW).total_seconds() == minutes * 60
