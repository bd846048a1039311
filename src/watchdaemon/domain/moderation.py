"""What a person may have done to an item on its platform, and the book of it: who, why, when, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from watchdaemon.domain.item import Visibility


class Action(StrEnum):
    """What can be asked for."""

    HIDE = "hide"  # from the public; can be taken back
    UNHIDE = "unhide"
    DELETE = "delete"  # for good
    APPROVE = "approve"  # show what the platform holds for review
    REPLY = "reply"  # answer as the account


class Outcome(StrEnum):
    """What came of an order."""

    DONE = "done"
    REFUSED = "refused"  # the platform said no: nothing was changed
    UNKNOWN = "unknown"  # it was sent, and whether it was carried out could not be seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A platform's word that it carried an order out."""

    reply_id: str | None = None  # the reply that was written


@dataclass(frozen=True, slots=True, kw_only=True)
class ModerationEntry:
    """One order. Written down before it is sent; without an `outcome` it was begun and its end never written down."""

    account: str
    external_id: str
    action: Action
    by: str  # a person's key
    why: str = field(repr=False)
    begun_at: datetime
    text: str = field(default="", repr=False)  # of a reply
    id: int | None = None
    outcome: Outcome | None = None
    ended_at: datetime | None = None
    is_verified: bool = False  # seen by reading again
    detail: str = ""
    reply_id: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether nobody knows if the platform carried it out."""
        return self.outcome is None or self.outcome is Outcome.UNKNOWN


VISIBILITY_AFTER: Final[Mapping[Action, Visibility]] = {
    Action.HIDE: Visibility.HIDDEN,
    Action.UNHIDE: Visibility.PUBLIC,
    Action.APPROVE: Visibility.PUBLIC,
    Action.DELETE: Visibility.DELETED,
}
"""What an item is after an order was carried out; a reply leaves it as it was."""


def agrees(action: Action, visibility: Visibility | None) -> bool | None:
    """Tell whether an item that is seen so is as the action wants it; None when it could not be seen."""
    if visibility is None or action not in VISIBILITY_AFTER:
        return None
    if action is Action.HIDE:
        return visibility in (Visibility.HIDDEN, Visibility.HELD)
    return visibility is VISIBILITY_AFTER[action]
