"""Orders to every platform, over real HTTP: done, refused, unknown, and seen by reading again."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.moderation.conftest import Town

from watchdaemon.domain.item import Visibility
from watchdaemon.domain.moderation import Action, Outcome
from watchdaemon.errors import ConfigError
from watchdaemon.sandbox.world import Moderation

CAN_HIDE = ("bluesky", "facebook", "instagram", "threads", "x", "youtube")
CAN_REPLY = ("bluesky", "facebook", "instagram", "mastodon", "youtube")
SHOWS_HIDDEN = ("bluesky", "facebook", "instagram", "threads", "youtube")
DELETES_OWN = ("bluesky", "facebook", "instagram", "mastodon", "x", "youtube")
ANSWER = "Vi tar bort namnet."

TownOn = Callable[[str], Town]


@pytest.mark.parametrize("platform", CAN_HIDE)
def test_what_is_hidden_is_hidden_there_and_shown_again(town_on: TownOn, platform: str) -> None:
    town = town_on(platform)

    hidden = town.order(Action.HIDE)
    after_hiding = town.item("Grannen")
    shown = town.order(Action.UNHIDE)

    assert (hidden.outcome, hidden.is_verified) == (Outcome.DONE, platform in SHOWS_HIDDEN)
    assert after_hiding.visibility is Visibility.HIDDEN
    assert (shown.outcome, shown.is_verified) == (Outcome.DONE, platform in SHOWS_HIDDEN)
    assert town.item("Grannen").visibility is Visibility.PUBLIC
    assert len(town.stage.writes) == 2
    assert town.store.moderations() == [hidden, shown]


@pytest.mark.parametrize("platform", CAN_REPLY)
def test_a_reply_is_written_once_and_comes_back_as_the_accounts_own(town_on: TownOn, platform: str) -> None:
    town = town_on(platform)

    entry = town.order(Action.REPLY, text=ANSWER)
    town.fetch()

    assert (entry.outcome, entry.is_verified) == (Outcome.DONE, True)
    reply, asked = town.item(ANSWER), town.item("Grannen")
    assert (reply.external_id, reply.by_account) == (entry.reply_id, True)
    assert reply.thread_id == asked.thread_id
    assert asked.text == "Grannen heter Bo"  # nobody's words were changed
    assert len(town.truth(ANSWER)) == 1


@pytest.mark.parametrize("platform", DELETES_OWN)
def test_an_own_comment_is_deleted_and_its_words_stay_in_the_register(town_on: TownOn, platform: str) -> None:
    town = town_on(platform)

    entry = town.order(Action.DELETE, "Tack")

    assert (entry.outcome, entry.is_verified) == (Outcome.DONE, True)
    assert (town.item("Tack").visibility, town.item("Tack").text) == (Visibility.DELETED, "Tack för frågan")
    assert town.truth("Tack")[0].deleted_at is not None
    assert not town.plan(Action.DELETE, "Tack").is_supported


@pytest.mark.parametrize("platform", CAN_HIDE)
def test_a_refusal_is_never_booked_as_done(town_on: TownOn, platform: str) -> None:
    town = town_on(platform)
    town.forbid()

    entry = town.order(Action.HIDE)

    assert (entry.outcome, entry.is_verified) == (Outcome.REFUSED, False)
    assert entry.detail
    assert town.item("Grannen").visibility is Visibility.PUBLIC
    assert town.store.moderations() == [entry]


def test_a_refused_reply_is_not_there(town_on: TownOn) -> None:
    town = town_on("mastodon")
    town.forbid()

    entry = town.order(Action.REPLY, text=ANSWER)

    assert entry.outcome is Outcome.REFUSED
    assert town.truth(ANSWER) == []


def test_on_mastodon_an_answer_names_whom_it_answers(town_on: TownOn) -> None:
    town = town_on("mastodon")
    town.order(Action.REPLY, text=ANSWER)

    assert [i.text for i in town.truth(ANSWER)] == [f"@kim.exempel {ANSWER}"]


def test_what_threads_holds_for_approval_is_approved(town_on: TownOn) -> None:
    town = town_on("threads")
    (comment,) = town.truth("Grannen")
    town.world.moderate(comment, Moderation.HELD)
    town.fetch()
    held = town.item("Grannen").visibility

    entry = town.order(Action.APPROVE)

    assert held is Visibility.HELD
    assert (entry.outcome, entry.is_verified) == (Outcome.DONE, True)
    assert town.item("Grannen").visibility is Visibility.PUBLIC


@pytest.mark.parametrize("platform", SHOWS_HIDDEN)
def test_an_order_whose_answer_was_lost_is_seen_by_reading_again(town_on: TownOn, platform: str) -> None:
    town = town_on(platform)
    town.stage.loses_answer = True

    entry = town.order(Action.HIDE)

    assert (entry.outcome, entry.is_verified) == (Outcome.DONE, True)
    assert len(town.stage.writes) == 1


@pytest.mark.parametrize("platform", CAN_HIDE)
def test_an_order_that_was_lost_is_unknown_and_not_repeated_by_itself(town_on: TownOn, platform: str) -> None:
    town = town_on(platform)
    town.stage.loses_question = True

    entry = town.order(Action.HIDE)

    assert (entry.outcome, entry.is_verified) == (Outcome.UNKNOWN, False)
    assert len(town.stage.writes) == 1
    assert town.item("Grannen").visibility is Visibility.PUBLIC
    assert town.plan(Action.HIDE).earlier == entry


@pytest.mark.parametrize("platform", CAN_REPLY)
@pytest.mark.parametrize("loses_answer", [True, False])
def test_a_reply_that_nobody_answered_is_looked_for_before_it_is_sent_again(
    town_on: TownOn, platform: str, loses_answer: bool
) -> None:
    town = town_on(platform)
    town.stage.loses_answer, town.stage.loses_question = loses_answer, not loses_answer
    first = town.order(Action.REPLY, text=ANSWER)
    town.stage.loses_answer = town.stage.loses_question = False
    second = town.order(Action.REPLY, text=ANSWER) if first.is_open else first

    assert first.outcome is (Outcome.DONE if loses_answer else Outcome.UNKNOWN)
    assert (second.outcome, second.is_verified) == (Outcome.DONE, True)
    assert len(town.truth(ANSWER)) == 1


def test_a_gate_keeps_what_it_says_of_others(town_on: TownOn) -> None:
    town = town_on("bluesky")
    (comment,) = town.truth("Grannen")
    other = replace(comment, id=comment.id[:-3] + "222", text="Något annat")
    town.world.hide(town.world.add(other))

    entry = town.order(Action.HIDE)
    shown = town.order(Action.UNHIDE)

    assert (entry.outcome, shown.outcome) == (Outcome.DONE, Outcome.DONE)
    assert town.truth("Något annat")[0].hidden_at is not None
    assert town.truth("Grannen")[0].hidden_at is None


def test_x_leaves_replies_and_others_posts_to_a_person(town_on: TownOn) -> None:
    town = town_on("x")

    for action, text in ((Action.REPLY, ANSWER), (Action.DELETE, "")):
        plan = town.plan(action, text=text)
        assert not plan.is_supported
        assert plan.link.startswith("https://x.com/")
        with pytest.raises(ConfigError, match="does not let a program"):
            town.service.carry_out(plan)
    assert (town.stage.writes, town.store.moderations()) == ([], [])


def test_on_facebook_nothing_but_the_flag_is_sent_to_a_comments_id(town_on: TownOn) -> None:
    town = town_on("facebook")
    comment = town.item("Grannen").external_id
    town.order(Action.HIDE)
    town.order(Action.REPLY, text=ANSWER)

    assert town.stage.writes == [("POST", f"v25.0/{comment}"), ("POST", f"v25.0/{comment}/comments")]
    assert [i.text for i in town.truth("Grannen")] == ["Grannen heter Bo"]
