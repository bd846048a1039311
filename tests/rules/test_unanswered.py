"""Which items want an answer, and which have got one: short conversations with what must come of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdaemon.domain.account import Account, Ownership
from watchdaemon.domain.calendar import AnswerPolicy, CalendarPolicy
from watchdaemon.domain.item import HIDDEN_BY, Item, ItemKind, Thread, Visibility
from watchdaemon.domain.moderation import Action, ModerationEntry, Outcome
from watchdaemon.domain.question import Decision, DecisionKind, Grade, QuestionState, Triage, Verdict
from watchdaemon.rules.unanswered import Bench, Records, judge_thread
from watchdaemon.rules.workdays import WorkCalendar

CALENDAR = WorkCalendar(CalendarPolicy())
START = datetime(2026, 11, 23, 9, tzinfo=UTC)
OWN = "page-1"
ACCOUNT = Account(
    key="bad",
    platform="facebook",
    native_id=OWN,
    name="Badhuset",
    link="https://social.example/bad",
    unit="fritid",
    manager="chef",
    owners=(Ownership(person="anna"),),
    own_ids=("page-1-old",),
)
OPEN, ANSWERED = QuestionState.OPEN, QuestionState.ANSWERED


def classify(text: str) -> Triage:
    """Take a question mark for a question, "kanske" for maybe."""
    grade = Grade.YES if "?" in text else Grade.MAYBE if "kanske" in text else Grade.NO
    return Triage(grade=grade, reason="a test's rule", is_secret="SECRET" in text)


def item(external_id: str, minute: int, text: str, **facts: object) -> Item:
    """Make a citizen's reply in the thread "q"."""
    made: dict[str, object] = {
        "account": "bad",
        "platform": "facebook",
        "external_id": external_id,
        "thread_id": "q",
        "kind": ItemKind.COMMENT,
        "published_at": START + timedelta(minutes=minute),
        "parent_id": None if external_id == "q" else "q",
        "author": "Eva Ek",
        "author_id": "eva",
        "text": text,
        **facts,
    }
    return Item(**made)  # type: ignore[arg-type]  # a test's keywords are checked by running


def own(external_id: str, minute: int, text: str = "Vi öppnar klockan nio.", **facts: object) -> Item:
    return item(external_id, minute, text, **{"by_account": True, "author": "Badhuset", "author_id": OWN, **facts})


def said(kind: DecisionKind, minute: int, external_id: str = "q") -> Decision:
    at = START + timedelta(minutes=minute)
    return Decision(account="bad", external_id=external_id, kind=kind, by="anna", at=at)


def ordered(action: Action) -> ModerationEntry:
    at = START + timedelta(minutes=40)
    return ModerationEntry(
        account="bad",
        external_id="q",
        action=action,
        by="anna",
        why="spam",
        begun_at=at,
        outcome=Outcome.DONE,
        ended_at=at,
    )


def judge(
    *items: Item, decisions: Sequence[Decision] = (), orders: Sequence[ModerationEntry] = (), **policy: bool
) -> dict[str, Verdict]:
    thread = Thread(account="bad", thread_id="q", items=items)
    bench = Bench(account=ACCOUNT, classify=classify, answers=AnswerPolicy(**policy), calendar=CALENDAR)
    verdicts = judge_thread(thread, Records(decisions=decisions, orders=orders), bench)
    return {v.external_id: v for v in verdicts}


def states(*items: Item, decisions: Sequence[Decision] = (), **policy: bool) -> dict[str, QuestionState | None]:
    return {key: v.state for key, v in judge(*items, decisions=decisions, orders=(), **policy).items()}


QUESTION = item("q", 0, "När öppnar ni?")


# ---- what is an answer


def test_a_question_without_a_reply_is_open_and_due_the_next_working_day() -> None:
    verdict = judge(QUESTION)["q"]

    assert verdict.state is OPEN
    assert verdict.due_at == datetime(2026, 11, 24, 16, tzinfo=UTC)
    assert verdict.answered_at is None
    assert verdict.answered_by is None


def test_a_reply_by_the_page_answers_the_question() -> None:
    verdict = judge(QUESTION, own("r", 5))["q"]

    assert verdict.state is ANSWERED
    assert verdict.answered_at == START + timedelta(minutes=5)
    assert verdict.answered_by == "r"
    assert verdict.due_at is not None


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (own("r", 5, is_automatic=True), "an automatic reply"),
        (item("r", 5, "Klockan nio.", author="Bo Berg", author_id="bo"), "another citizen"),
        (item("r", 5, "Klockan nio.", author="Anna (badhuset)", author_id="anna-private"), "a private profile"),
        (item("r", 5, "Klockan nio.", author=None, author_id=None), "an unknown author"),
        (item("r", 5, "Klockan nio.", author="Badhuset", author_id="fake"), "somebody with the page's name"),
        (own("r", -5), "an own word before the question"),
        (own("r", 5, visibility=Visibility.HIDDEN), "an own reply nobody sees"),
        (own("r", 5, visibility=Visibility.HELD), "an own reply that waits for review"),
        (own("r", 5, visibility=Visibility.DELETED), "an own reply that was taken back"),
        (own("r", 5, kind=ItemKind.POST, parent_id=None), "an own post that answers nothing"),
    ],
)
def test_what_is_not_the_accounts_own_visible_word_after_it_is_no_answer(reply: Item, why: str) -> None:
    assert states(QUESTION, reply)["q"] is OPEN, why


def test_a_holding_reply_answers() -> None:
    assert states(QUESTION, own("r", 5, "Vi återkommer!"))["q"] is ANSWERED


def test_a_reply_without_words_answers() -> None:
    assert states(QUESTION, own("r", 5, ""))["q"] is ANSWERED


def test_a_further_id_of_the_account_is_its_own_voice() -> None:
    reply = item("r", 5, "Klockan nio.", author="Badhuset", author_id="page-1-old")

    assert states(QUESTION, reply) == {"q": ANSWERED}


def test_own_items_are_never_questions() -> None:
    post = own("q", 0, "Vad vill ni bada?", kind=ItemKind.POST)

    assert states(post, own("r", 5, "Ingen som vet?")) == {}


def test_thanks_want_no_answer() -> None:
    verdict = judge(item("q", 0, "Tack!"))["q"]

    assert verdict.state is None
    assert verdict.due_at is None
    assert verdict.reason == "a test's rule"


def test_the_first_of_several_replies_is_the_answer() -> None:
    assert judge(QUESTION, own("r2", 9), own("r1", 5))["q"].answered_by == "r1"


def test_maybe_is_followed_by_policy() -> None:
    maybe = item("q", 0, "kanske")

    assert states(maybe) == {"q": OPEN}
    assert states(maybe, maybe_is_question=False) == {"q": None}


def test_a_message_without_words_is_put_before_a_person() -> None:
    picture = item("q", 0, "", kind=ItemKind.MESSAGE, visibility=Visibility.PRIVATE)
    bare_comment = item("q", 0, "")

    assert states(picture) == {"q": OPEN}
    assert states(bare_comment) == {"q": None}


# ---- flat threads: Facebook, Instagram, YouTube


def test_a_reply_in_a_flat_thread_answers_everything_before_it() -> None:
    found = states(QUESTION, item("q2", 1, "Och stänger?", author="Bo Berg", author_id="bo"), own("r", 5))

    assert found == {"q": ANSWERED, "q2": ANSWERED}


def test_a_new_question_after_the_answer_is_open_again() -> None:
    assert states(QUESTION, own("r", 5), item("q2", 9, "Även på söndag?")) == {"q": ANSWERED, "q2": OPEN}


@pytest.mark.parametrize(
    "text",
    [
        *("@Bo Berg Klockan tio.", "@Bo klockan tio", "Bo Berg klockan tio", "Bo, klockan tio", "Hej Bo! Klockan tio."),
        *("Hej på dig Bo! Klockan tio.", "God morgon, Bo. Klockan tio", "Tack för din fråga, Bo! Klockan tio."),
        *(
            "Hej! Tack för frågan Bo, klockan tio.",
            "Hej 😊 Bo! Klockan tio.",
            "Hi Bo! At ten.",
            "Hej! Bo, klockan tio.",
        ),
    ],
)
def test_a_reply_to_somebody_by_name_answers_only_that_person(text: str) -> None:
    found = states(QUESTION, item("q2", 1, "Och stänger?", author="Bo Berg", author_id="bo"), own("r", 5, text))

    assert found == {"q": OPEN, "q2": ANSWERED}


def test_a_reply_to_two_by_name_answers_both_and_not_the_third() -> None:
    bo = item("q2", 1, "Och stänger?", author="Bo Berg", author_id="bo")
    siv = item("q3", 2, "Vad kostar det?", author="Siv Sten", author_id="siv")

    found = states(QUESTION, bo, siv, own("r", 5, "@Eva Ek @Bo Berg Nio till fem."))

    assert found == {"q": ANSWERED, "q2": ANSWERED, "q3": OPEN}


@pytest.mark.parametrize(
    "text", ["Eva: nio. Bo: fem.", "@Eva Ek Nio.\n@Bo Berg Fem.", "Hej Eva! Nio. Bo Berg, klockan fem."]
)
def test_a_reply_may_turn_to_somebody_else_in_a_later_sentence(text: str) -> None:
    bo = item("q2", 1, "Och stänger?", author="Bo Berg", author_id="bo")
    siv = item("q3", 2, "Vad kostar det?", author="Siv Sten", author_id="siv")

    assert states(QUESTION, bo, siv, own("r", 5, text)) == {"q": ANSWERED, "q2": ANSWERED, "q3": OPEN}


def test_to_speak_of_somebody_is_not_to_turn_to_them() -> None:
    bo = item("q2", 1, "Och stänger?", author="Bo Berg", author_id="bo")

    assert states(QUESTION, bo, own("r", 5, "Eva, nio. Bo Berg skrev om något annat.")) == {"q": ANSWERED, "q2": OPEN}


def test_a_word_that_looks_like_a_first_name_is_no_address() -> None:
    tor = item("q2", 1, "Och stänger?", author="Tor Ek", author_id="tor")

    for text in (
        "Tor 26 nov är det stängt",
        "Hej! Tor 26 nov är det stängt",
        "Tack för frågan! Tor 26 nov är det stängt",
    ):
        assert states(QUESTION, tor, own("r", 5, text)) == {"q": ANSWERED, "q2": ANSWERED}


def test_an_address_to_a_stranger_leaves_several_peoples_questions_open() -> None:
    bo = item("q2", 1, "Och stänger?", author="Bo Berg", author_id="bo")

    assert states(QUESTION, bo, own("r", 5, "@siv_sten Nio.")) == {"q": OPEN, "q2": OPEN}


def test_an_address_by_an_unknown_handle_is_the_only_other_authors() -> None:
    assert states(QUESTION, own("r", 5, "@eva-ek4711 Nio.")) == {"q": ANSWERED}


def test_a_reply_below_a_comment_on_a_visitors_post_answers_that_branch() -> None:
    visitor = item("q", 0, "Varför är det stängt?", kind=ItemKind.VISITOR_POST)
    comment = item("c", 1, "När öppnar det?", author="Bo Berg", author_id="bo")
    nested = item("c2", 2, "Och på söndag?", author="Siv Sten", author_id="siv", parent_id="c")

    found = states(visitor, comment, nested, own("r", 5, parent_id="c"))

    assert found == {"q": OPEN, "c": ANSWERED, "c2": ANSWERED}


def test_a_comment_by_the_page_answers_the_visitors_post() -> None:
    visitor = item("q", 0, "Varför är det stängt?", kind=ItemKind.VISITOR_POST)

    assert states(visitor, own("r", 5, parent_id=None)) == {"q": ANSWERED}
    assert states(visitor, own("r", 5)) == {"q": ANSWERED}


def test_replies_to_an_own_top_comment_are_judged_like_others() -> None:
    top = own("q", 0, "Fråga oss här!")

    assert states(top, item("a", 1, "När öppnar ni?")) == {"a": OPEN}
    assert states(top, item("a", 1, "När öppnar ni?"), own("r", 5)) == {"a": ANSWERED}


# ---- replies that name their item: X


def tweet(external_id: str, minute: int, text: str, parent: str | None = "q", **facts: object) -> Item:
    return item(external_id, minute, text, platform="x", parent_id=parent, root_id="q", **facts)


ROOT = own("q", -60, "Badhuset öppnar i dag.", platform="x", kind=ItemKind.POST)


def test_where_replies_name_their_item_a_reply_answers_that_item_alone() -> None:
    eva, bo = tweet("a", 0, "När?"), tweet("b", 1, "Var?", author="Bo", author_id="bo")

    assert states(ROOT, eva, bo, own("r", 5, platform="x", parent_id="b")) == {"a": OPEN, "b": ANSWERED}


def test_a_reply_further_down_the_same_persons_branch_answers_what_they_asked_above() -> None:
    asked = tweet("a", 0, "När?")
    other = tweet("b", 1, "Jag undrar också?", parent="a", author="Bo", author_id="bo")
    again = tweet("c", 2, "Hallå?", parent="b")

    found = states(ROOT, asked, other, again, own("r", 5, platform="x", parent_id="c"))

    assert found == {"a": ANSWERED, "b": OPEN, "c": ANSWERED}


def test_going_on_with_the_own_thread_answers_nobody() -> None:
    more = own("r", 5, "2/2 Välkomna!", platform="x", parent_id="q")

    assert states(ROOT, tweet("a", 0, "När?"), more) == {"a": OPEN}
    assert states(tweet("a", 0, "När?"), more) == {"a": OPEN}, "nor when the root is not stored"


def test_an_answer_in_two_parts_answers_even_when_the_first_part_is_gone() -> None:
    first = own("r1", 5, platform="x", parent_id="a", visibility=Visibility.DELETED)
    second = own("r2", 6, platform="x", parent_id="r1")

    assert judge(ROOT, tweet("a", 0, "När?"), first, second)["a"].answered_by == "r2"


def test_a_mention_is_a_question_and_a_reply_to_it_an_answer() -> None:
    mention = item("q", 0, "@badhuset När öppnar ni?", platform="x", kind=ItemKind.MENTION)
    other = item("b", 1, "Undrar jag med?", platform="x", author_id="bo", kind=ItemKind.MENTION)

    assert states(mention, other, own("r", 5, platform="x")) == {"q": ANSWERED, "b": OPEN}


def test_a_quote_answers_only_by_policy() -> None:
    asked = tweet("a", 0, "När?")
    quote = own("r", 5, platform="x", kind=ItemKind.QUOTE, parent_id="a")

    assert states(ROOT, asked, quote) == {"a": OPEN}
    assert states(ROOT, asked, quote, quote_is_answer=True) == {"a": ANSWERED}


def test_parents_in_a_circle_do_not_loop() -> None:
    one, two = tweet("a", 0, "När?", parent="b"), tweet("b", 1, "Var?", parent="a")

    assert states(ROOT, one, two, own("r", 5, platform="x", parent_id="b")) == {"a": ANSWERED, "b": ANSWERED}


# ---- direct messages


def message(external_id: str, minute: int, text: str, **facts: object) -> Item:
    facts = {"kind": ItemKind.MESSAGE, "parent_id": None, "visibility": Visibility.PRIVATE, **facts}
    return item(external_id, minute, text, **facts)


def test_an_own_message_answers_all_earlier_ones_in_the_conversation() -> None:
    reply = own("r", 5, "Bo Berg har jour.", kind=ItemKind.MESSAGE, parent_id=None, visibility=Visibility.PRIVATE)

    found = states(message("a", 0, "Hej?"), message("b", 1, "När?"), reply, message("c", 9, "Säkert?"))

    assert found == {"a": ANSWERED, "b": ANSWERED, "c": OPEN}


def test_an_instant_reply_answers_no_message() -> None:
    away = own("r", 1, kind=ItemKind.MESSAGE, parent_id=None, visibility=Visibility.PRIVATE, is_automatic=True)

    assert states(message("a", 0, "När?"), away) == {"a": OPEN}


# ---- deleted, hidden, edited


@pytest.mark.parametrize(
    ("visibility", "state"),
    [
        (Visibility.DELETED, QuestionState.GONE),
        (Visibility.HELD, OPEN),
    ],
)
def test_what_is_out_of_sight_is_not_open_and_keeps_its_due_time(visibility: Visibility, state: QuestionState) -> None:
    verdict = judge(replace(QUESTION, visibility=visibility))["q"]

    assert verdict.state is state
    assert verdict.due_at is not None


@pytest.mark.parametrize(
    ("platform", "facts", "orders", "state"),
    [
        ("x", {}, [], QuestionState.REMOVED),  # nobody else can hide there
        ("facebook", {}, [], OPEN),  # the filter hides, too
        ("facebook", {HIDDEN_BY: "account"}, [], QuestionState.REMOVED),
        ("x", {HIDDEN_BY: "platform"}, [], OPEN),
        ("facebook", {}, [Action.HIDE], QuestionState.REMOVED),
        ("facebook", {}, [Action.HIDE, Action.UNHIDE], OPEN),  # shown again by us, so hidden by another since
    ],
)
def test_what_is_hidden_is_removed_only_when_the_organisation_hid_it(
    platform: str, facts: dict[str, str], orders: list[Action], state: QuestionState
) -> None:
    hidden = replace(QUESTION, platform=platform, visibility=Visibility.HIDDEN, extra=facts)

    assert judge(hidden, orders=[ordered(action) for action in orders])["q"].state is state


def test_what_we_deleted_is_removed_and_by_whom_is_told() -> None:
    verdict = judge(replace(QUESTION, visibility=Visibility.DELETED), orders=[ordered(Action.DELETE)])["q"]

    assert (verdict.state, verdict.moved_by) == (QuestionState.REMOVED, "person:anna")


@pytest.mark.parametrize("visibility", [Visibility.DELETED, Visibility.HIDDEN])
def test_what_was_answered_before_stays_answered(visibility: Visibility) -> None:
    assert states(replace(QUESTION, visibility=visibility), own("r", 5)) == {"q": ANSWERED}


def test_an_edit_is_judged_anew() -> None:
    before = item("q", 0, "Fint!")
    after = replace(before, text="Fint! När öppnar ni?", edited_at=START + timedelta(hours=1))

    assert states(before) == {"q": None}
    assert states(after) == {"q": OPEN}


def test_what_must_be_removed_and_asks_nothing_has_no_state_and_keeps_its_triage() -> None:
    verdict = judge(item("q", 0, "SECRET"))["q"]

    assert verdict.state is None
    assert verdict.triage.needs_removal


# ---- a person's word


@pytest.mark.parametrize(
    ("kind", "state", "answered_by"),
    [
        (DecisionKind.ANSWERED_ELSEWHERE, ANSWERED, "person:anna"),
        (DecisionKind.FORWARDED, QuestionState.FORWARDED, "person:anna"),
        (DecisionKind.NO_REPLY_NEEDED, QuestionState.DISMISSED, None),
        (DecisionKind.NOT_A_QUESTION, QuestionState.DISMISSED, None),
        (DecisionKind.REMOVED, QuestionState.REMOVED, None),
        (DecisionKind.REOPENED, OPEN, None),
    ],
)
def test_a_persons_word_decides(kind: DecisionKind, state: QuestionState, answered_by: str | None) -> None:
    verdict = judge(QUESTION, decisions=[said(kind, 30)])["q"]

    assert verdict.state is state
    assert verdict.answered_by == answered_by
    assert verdict.answered_at == (START + timedelta(minutes=30) if answered_by else None)


def test_the_newest_word_holds() -> None:
    words = [said(DecisionKind.NO_REPLY_NEEDED, 40), said(DecisionKind.FORWARDED, 30)]

    assert states(QUESTION, decisions=words) == {"q": QuestionState.DISMISSED}


def test_reopening_takes_the_earlier_word_back() -> None:
    words = [said(DecisionKind.NOT_A_QUESTION, 30), said(DecisionKind.REOPENED, 40)]

    assert states(QUESTION, decisions=words) == {"q": OPEN}
    assert states(item("q", 0, "Tack!"), decisions=words) == {"q": None}


def test_after_reopening_only_a_later_reply_answers() -> None:
    words = [said(DecisionKind.REOPENED, 40)]

    assert states(QUESTION, own("r", 5), decisions=words) == {"q": OPEN}
    assert judge(QUESTION, own("r", 5), own("r2", 50), decisions=words)["q"].answered_by == "r2"


def test_reopening_what_nobody_took_for_a_question_makes_it_one() -> None:
    verdict = judge(item("q", 0, "Lampan är trasig."), decisions=[said(DecisionKind.REOPENED, 40)])["q"]

    assert verdict.state is OPEN
    assert verdict.due_at is not None


def test_answered_elsewhere_after_a_reply_is_as_old_as_the_reply() -> None:
    verdict = judge(QUESTION, own("r", 5), decisions=[said(DecisionKind.ANSWERED_ELSEWHERE, 30)])["q"]

    assert (verdict.answered_at, verdict.answered_by) == (START + timedelta(minutes=5), "r")


def test_a_word_about_another_item_decides_nothing_here() -> None:
    assert states(QUESTION, decisions=[said(DecisionKind.NOT_A_QUESTION, 30, "other")]) == {"q": OPEN}


# ---- laws

questions = st.lists(st.tuples(st.integers(0, 100), st.sampled_from(["eva", "bo", None])), min_size=1, max_size=8)
replies = st.lists(st.integers(0, 100), max_size=4)


def build(asked: list[tuple[int, str | None]], answered: list[int]) -> list[Item]:
    citizens = [
        item(f"q{n}" if n else "q", minute, "När?", author=who, author_id=who) for n, (minute, who) in enumerate(asked)
    ]
    return citizens + [own(f"r{n}", minute) for n, minute in enumerate(answered)]


@given(asked=questions, answered=replies, shuffle=st.randoms(use_true_random=False))
def test_the_order_in_which_items_were_stored_changes_nothing(
    asked: list[tuple[int, str | None]], answered: list[int], shuffle: Random
) -> None:
    items = build(asked, answered)
    mixed = list(items)
    shuffle.shuffle(mixed)

    assert judge(*items) == judge(*mixed)


@given(asked=questions, answered=replies)
def test_a_question_is_answered_exactly_when_an_own_reply_is_later(
    asked: list[tuple[int, str | None]], answered: list[int]
) -> None:
    items = build(asked, answered)
    last = max(answered, default=-1)
    expected = {i.external_id: ANSWERED if asked[n][0] < last else OPEN for n, i in enumerate(items[: len(asked)])}

    assert states(*items) == expected


@given(asked=questions, answered=replies, more=st.integers(0, 100))
def test_one_more_reply_never_opens_a_question(
    asked: list[tuple[int, str | None]], answered: list[int], more: int
) -> None:
    before, after = states(*build(asked, answered)), states(*build(asked, [*answered, more]))

    assert all(after[key] is ANSWERED for key, state in before.items() if state is ANSWERED)
