"""What the pages say of each word, of states, and of links that are not believed."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from gettext import NullTranslations
from zoneinfo import ZoneInfo

from watchdaemon.domain.question import DecisionKind
from watchdaemon.domain.watch import WatchState
from watchdaemon.mail.language import N_, Words, catalog
from watchdaemon.services.links import Refusal

ROOM = "watchdaemon.web"


@cache
def _catalog(language: str) -> NullTranslations:
    found = catalog(language, ROOM)
    found.add_fallback(catalog(language))  # names of kinds and days are the mails'
    return found


class PageWords(Words):
    """One language's words for pages, and the mails' where they are the same."""

    def __init__(self, language: str, zone: ZoneInfo) -> None:
        super().__init__(language, zone)
        self.catalog = _catalog(language)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A word a person may say: what it is called, what comes of it, and what the button says."""

    name: str
    effect: str
    button: str
    note: str = N_("A note, if you like")


WORDINGS: Mapping[DecisionKind, Wording] = {
    DecisionKind.SEEN: Wording(
        name=N_("Seen"),
        effect=N_("It is written down that you have seen it. It waits as before, until it is answered."),
        button=N_("I have seen it"),
    ),
    DecisionKind.NO_REPLY_NEEDED: Wording(
        name=N_("No reply needed"),
        effect=N_("It leaves the digests and counts as dealt with, without an answer."),
        button=N_("It needs no reply"),
        note=N_("Why, if you like"),
    ),
    DecisionKind.ANSWERED_ELSEWHERE: Wording(
        name=N_("Answered elsewhere"),
        effect=N_("It leaves the digests and counts as answered now, for example by phone or mail."),
        button=N_("It has been answered elsewhere"),
        note=N_("Where, if you like"),
    ),
    DecisionKind.FORWARDED: Wording(
        name=N_("Forwarded"),
        effect=N_("It leaves the digests and counts as handed over. Nothing is sent from here: tell them yourself."),
        button=N_("I have forwarded it"),
        note=N_("To whom?"),
    ),
    DecisionKind.NOT_A_QUESTION: Wording(
        name=N_("Not a question"),
        effect=N_("It leaves the digests. What you say is kept, so that questions are recognised better."),
        button=N_("It is not a question"),
    ),
    DecisionKind.MUST_BE_REMOVED: Wording(
        name=N_("Must be removed"),
        effect=N_("It is listed for removal. Nothing is changed on %(platform)s: a person removes it there."),
        button=N_("It must be removed"),
        note=N_("Why, if you like"),
    ),
    DecisionKind.MAY_STAY: Wording(
        name=N_("May stay"),
        effect=N_("It is listed for removal no longer. If it asks something, it waits for an answer as before."),
        button=N_("It may stay"),
        note=N_("Why, if you like"),
    ),
    DecisionKind.REMOVED: Wording(
        name=N_("Was removed"),
        effect=N_("It is written down as removed. Remove it on %(platform)s first: this page does not do it."),
        button=N_("It has been removed"),
    ),
    DecisionKind.REOPENED: Wording(
        name=N_("Take it back"),
        effect=N_("What was said is taken back. If it asks something, it waits for an answer again."),
        button=N_("Take it back"),
        note=N_("Why, if you like"),
    ),
}

STILL_WAITS = Wording(
    name=N_("It still waits"),
    effect=N_(
        "Nobody has said anything of it that could be taken back. It counts as waiting for an answer from now on."
    ),
    button=N_("It waits for an answer"),
    note=N_("Why, if you like"),
)
"""A REOPENED where there is no word to take back."""

REMOVAL_TAKEN_BACK = Wording(
    name=N_("Take it back"),
    effect=N_("What was said of its removal is taken back. What was said of its answer stays."),
    button=N_("Take it back"),
    note=N_("Why, if you like"),
)
"""A REOPENED where the last word was about removal."""

STATES: Mapping[str, str] = {
    "open": N_("Waits for an answer"),
    "overdue": N_("Overdue"),
    "answered": N_("Answered"),
    "forwarded": N_("Forwarded"),
    "dismissed": N_("Needs no answer"),
    "removed": N_("Removed"),
    "gone": N_("Deleted by its author"),
    "none": N_("Asks for no answer"),
}

WATCH_STATES: Mapping[WatchState, str] = {
    WatchState.WATCHED: N_("watched"),
    WatchState.PARTLY: N_("partly watched"),
    WatchState.NOT_WATCHED: N_("not watched"),
    WatchState.PENDING: N_("not fetched yet"),
}

_OPEN_ANEW = N_("Open the newest mail from us and use the links in it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Regret:
    """Why something is not done, and what the reader can do."""

    status: int
    title: str
    steps: str


REGRETS: Mapping[str, Regret] = {
    Refusal.FORGED: Regret(
        status=403,
        title=N_("This link does not hold"),
        steps=N_("It is not whole, or does not come from us. Open the mail again and click the link there."),
    ),
    Refusal.EXPIRED: Regret(status=410, title=N_("This link is too old"), steps=_OPEN_ANEW),
    Refusal.REVOKED: Regret(status=403, title=N_("This link has been withdrawn"), steps=_OPEN_ANEW),
    Refusal.NOT_YOURS: Regret(
        status=403,
        title=N_("This link is not yours any more"),
        steps=N_("You do not answer for this account now. If that is wrong, tell whoever keeps the register."),
    ),
    Refusal.GONE: Regret(
        status=410,
        title=N_("What this link was about is not stored any more"),
        steps=N_("There is nothing left to do here."),
    ),
    "form": Regret(
        status=400,
        title=N_("Nothing was changed"),
        steps=N_("Go back to the page, load it again and press its button."),
    ),
    "missing": Regret(status=404, title=N_("There is no such page"), steps=_OPEN_ANEW),
    "host": Regret(status=421, title=N_("There is no such page"), steps=_OPEN_ANEW),
    "method": Regret(
        status=405,
        title=N_("Nothing was changed"),
        steps=N_("Go back to the page, load it again and press its button."),
    ),
    "hurry": Regret(
        status=429,
        title=N_("Too many at once"),
        steps=N_("Nothing was changed. Wait a minute and try again."),
    ),
    "busy": Regret(
        status=503,
        title=N_("Nothing was changed"),
        steps=N_("The program cannot reach its database just now. Try again in some minutes."),
    ),
    "fault": Regret(
        status=500,
        title=N_("Something went wrong here"),
        steps=N_("Try again in some minutes. If it stays so, tell whoever runs the program."),
    ),
}
