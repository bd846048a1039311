"""The word that would be taken back is the one that is. (1 s)"""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from watchdaemon.domain.question import Decision, DecisionKind
from watchdaemon.rules.word import standing, word_of

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def said(kinds: list[DecisionKind]) -> list[Decision]:
    """Words a minute apart."""
    return [
        Decision(account="a", external_id="q", kind=kind, by="anna", at=NOON + timedelta(minutes=n))
        for n, kind in enumerate(kinds)
    ]


@given(st.lists(st.sampled_from(DecisionKind), max_size=8))
@settings(deadline=None)
def test_taking_back_undoes_the_standing_word_and_no_other(kinds: list[DecisionKind]) -> None:
    decisions = said(kinds)
    stands = standing(decisions)
    before, after = word_of(decisions), word_of(said([*kinds, DecisionKind.REOPENED]))

    if stands is None:
        assert (before.decision, after.decision, before.removal) == (None, None, after.removal)
    elif stands.kind in {DecisionKind.MAY_STAY, DecisionKind.MUST_BE_REMOVED}:
        assert before.removal is (stands.kind is DecisionKind.MUST_BE_REMOVED)
        assert (after.removal, after.decision) == (None, before.decision)
    else:
        assert (before.decision, after.decision, before.removal) == (stands, None, after.removal)
