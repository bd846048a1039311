"""Every conversation of the table, on every platform that can have it: the state after each event. About 5 seconds."""

import pytest
from tests.rules.conversations.play import PLATFORMS, Conversation, Stage, table, told

from watchdaemon.testing.memory import MemoryStore

TABLE = table()


@pytest.mark.parametrize(
    ("platform", "conversation"),
    [pytest.param(p, c, id=f"{p}: {c.title}") for c in TABLE for p in c.platforms],
)
def test_after_each_event_every_item_is_in_the_state_of_the_table(platform: str, conversation: Conversation) -> None:
    stage = Stage(MemoryStore(), platform, conversation.place)
    expected: dict[str, str] = {}
    for event in conversation.events:
        stage.play(event)
        expected |= event.expected

        assert {name: told(v) for name, v in stage.verdicts().items()} == expected, event.line


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_table_has_at_least_sixty_conversations_for_each_platform(platform: str) -> None:
    assert sum(platform in c.platforms for c in TABLE) >= 60


def test_a_platform_that_cannot_have_a_conversation_says_why() -> None:
    assert all(why for c in TABLE for why in c.why_not.values())


def test_no_two_conversations_have_one_title() -> None:
    titles = [c.title for c in TABLE]

    assert len(set(titles)) == len(titles)
