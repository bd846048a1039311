"""The table of conversations: reading it, and playing a conversation as a platform's adapter would tell of it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from watchdaemon.domain.account import Account, Ownership, Person, Register
from watchdaemon.domain.calendar import AnswerPolicy, CalendarPolicy
from watchdaemon.domain.fetch import Coverage, FetchResult, Recheck
from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.domain.moderation import Action, ModerationEntry, Outcome
from watchdaemon.domain.question import Decision, DecisionKind, QuestionState, Verdict
from watchdaemon.ports import Store
from watchdaemon.rules.workdays import WorkCalendar
from watchdaemon.services.judge import JudgeService
from watchdaemon.triage import classify

PLATFORMS = ("facebook", "instagram", "x", "youtube", "bluesky", "mastodon", "threads")
FLAT = frozenset({"facebook", "instagram", "youtube"})
PLACES = {
    "messages": frozenset({"facebook", "instagram", "x", "mastodon"}),
    "mention": frozenset({"x", "bluesky", "mastodon", "threads"}),
    "visitor": frozenset({"facebook"}),
    "flat": FLAT,
    "nested": frozenset(PLATFORMS) - FLAT,
}
TELLS_OF_EDITS = frozenset({"x", "youtube", "mastodon"})
"""Where an answer has the time of the last edit; elsewhere an edit is noticed by its words."""

START = datetime(2026, 11, 23, 8, tzinfo=UTC)
DAYS = {"tue": 1, "wed": 2, "thu": 3, "fri": 4, "mon": 7}
OWN = "page-1"
ACCOUNT_KEY = "kommunen"
CALENDAR = WorkCalendar(CalendarPolicy())

AUTHORS = {
    "page": ("Exempelkommun", OWN),
    "auto": ("Exempelkommun", OWN),
    "eva": ("Eva Ek", "eva"),
    "bo": ("Bo Berg", "bo"),
    "siv": ("Siv Sten", "siv"),
    "unknown": (None, None),
    "private": ("Anna Exempel", "anna-private"),
    "fan": ("Exempelkommun-vänner", "fan"),
}
ORDERS = {"hides": Action.HIDE, "shows": Action.UNHIDE, "removes": Action.DELETE}
SEEN_AS = {
    "hides": Visibility.HIDDEN,
    "shows": Visibility.PUBLIC,
    "removes": Visibility.DELETED,
    "holds": Visibility.HELD,
    "releases": Visibility.PUBLIC,
}


# ---- the table -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Event:
    """One line of the table."""

    line: str
    at: datetime
    who: str
    verb: str  # "writes", "edits", "deletes", "says", …
    what: str  # the item's name
    under: str | None = None
    text: str = ""
    kind: DecisionKind | None = None
    expected: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Conversation:
    """One heading of the table with its events."""

    title: str
    place: str  # "comments", "messages", "mention", "visitor"
    platforms: tuple[str, ...]
    why_not: dict[str, str]  # by platform that cannot have it
    events: tuple[Event, ...]


_HEADING = re.compile(r"== (?P<title>[^\[(]+?)\s*(?:\[(?P<only>\w+)\])?\s*(?:\(not on (?P<without>.*)\))?$")
_EVENT = re.compile(
    r"(?:(?P<day>tue|wed|thu|fri|mon) )?(?P<who>\w+) "
    r"(?:says (?P<kind>\w+) of (?P<of>\w+)"
    r"|(?P<verb>edits|deletes|hides|shows|removes|holds|releases) (?P<object>\w+)(?:: ?(?P<new>.*))?"
    r"|(?P<what>\w+)(?: under (?P<under>\w+))?:(?: (?P<text>.*))?)$"
)


def table() -> list[Conversation]:
    """Read the table that lies beside this file."""
    lines = Path(__file__).with_name("table.txt").read_text(encoding="utf-8").splitlines()
    blocks: list[tuple[str, list[str]]] = []
    for line in lines:
        if line.startswith("== "):
            blocks.append((line, []))
        elif line.strip() and not line.startswith("#"):
            blocks[-1][1].append(line)
    return [_conversation(heading, events) for heading, events in blocks]


def _conversation(heading: str, lines: Sequence[str]) -> Conversation:
    found = _HEADING.match(heading)
    assert found is not None, heading
    only, why_not = found["only"], {}
    for part in (found["without"] or "").split("; not on "):
        names, _, why = part.partition(":")
        why_not.update({name.strip(): why.strip() for name in names.split(",") if name.strip()})
    assert set(why_not) <= set(PLATFORMS), heading
    platforms = tuple(p for p in PLATFORMS if p not in why_not and p in PLACES.get(only or "", PLATFORMS))
    place = only if only in {"messages", "mention", "visitor"} else "comments"
    return Conversation(found["title"], place, platforms, why_not, tuple(_events(lines)))


def _events(lines: Sequence[str]) -> Iterator[Event]:
    at = START - timedelta(minutes=30)
    for line in lines:
        told, arrow, expected = line.partition("=>")
        found = _EVENT.match(told.strip())
        assert found is not None, line
        assert arrow, line
        day = found["day"]
        at = START + timedelta(days=DAYS[day]) if day else at + timedelta(minutes=30)
        yield Event(
            line=told.strip(),
            at=at,
            who=found["who"],
            verb="says" if found["kind"] else found["verb"] or "writes",
            what=found["of"] or found["object"] or found["what"],
            under=found["under"],
            text=(found["text"] or found["new"] or "").strip(),
            kind=DecisionKind(found["kind"]) if found["kind"] else None,
            expected=dict(part.strip().split(" ", 1) for part in expected.split(",") if part.strip()),
        )


# ---- playing it ------------------------------------------------------------------------------------------------


@dataclass
class Stage:
    """A store with one account of a platform, on which a conversation is played event by event."""

    store: Store
    platform: str
    place: str
    now: datetime = START
    names: dict[str, Item] = field(default_factory=dict)  # as the platform has them now

    def __post_init__(self) -> None:
        self.account = Account(
            key=ACCOUNT_KEY,
            platform=self.platform,
            native_id=OWN,
            name="Exempelkommun",
            link="https://social.example/kommunen",
            unit="komm",
            manager="chef",
            owners=(Ownership(person="anna"),),
        )
        people = (
            Person(key="anna", name="Anna Exempel", mail="anna@example.org"),
            Person(key="chef", name="Chris Chef", mail="chris@example.org"),
        )
        self.register = Register(persons={p.key: p for p in people}, accounts={ACCOUNT_KEY: self.account})
        self.judge = JudgeService(
            store=self.store,
            classify=classify,
            calendar=CALENDAR,
            answers=AnswerPolicy(),
            clock=lambda: self.now,
            organisation="Exempelkommun",
        )
        if self.place == "comments":
            facts = self._facts("p", START - timedelta(hours=1))
            post = {"kind": ItemKind.POST, "thread_id": "p", "by_account": True, "author_id": OWN}
            self.names["p"] = Item(**{**facts, **post, "text": "Välkommen till badhuset!"})
            self.fetch(["p"])

    def play(self, event: Event) -> None:
        """Let it happen on the platform, be fetched, and be judged."""
        self.happen(event)
        self.judge.run(self.register)

    def happen(self, event: Event) -> None:
        """Let it happen on the platform, and be fetched."""
        self.now = event.at
        if event.verb == "says":
            assert event.kind is not None
            self.store.record_decision(
                Decision(
                    account=ACCOUNT_KEY, external_id=event.what, kind=event.kind, by=event.who, at=event.at, note="en"
                )
            )
        elif event.verb == "writes":
            self.names[event.what] = self.item(event)
            self.fetch([event.what])
        elif event.verb == "edits":
            edited_at = event.at if self.platform in TELLS_OF_EDITS else None
            self.names[event.what] = replace(self.names[event.what], text=event.text, edited_at=edited_at)
            self.fetch([event.what])
        elif event.verb == "deletes":
            self._is_seen_as(event.what, Visibility.DELETED)
        else:
            self._moderated(event)

    def fetch(self, names: Sequence[str]) -> None:
        """Store what the platform shows of these items now, as one page."""
        items = tuple(self.names[name] for name in names)
        self.store.save_fetch(
            FetchResult(account=ACCOUNT_KEY, coverage=Coverage.COMPLETE, items=items, cursors={}), at=self.now
        )

    def verdicts(self) -> dict[str, Verdict]:
        """Return what is stored of every inbound item."""
        found = {name: self.store.question(ACCOUNT_KEY, name) for name in self.names}
        return {name: q.verdict for name, q in found.items() if q is not None}

    def item(self, event: Event) -> Item:
        """Shape an item as the platform's adapter does: its ids, its parent, its thread."""
        author, author_id = AUTHORS[event.who]
        own = event.who in {"page", "auto"}
        facts = {
            **self._facts(event.what, event.at),
            "author": author,
            "author_id": author_id,
            "by_account": own,
            "is_automatic": event.who == "auto",
            "text": event.text,
        }
        under = self.names[event.under] if event.under else None
        return Item(**facts, **self._shape(event.what, under))

    def _shape(self, name: str, under: Item | None) -> dict[str, Any]:
        public = Visibility.PUBLIC
        if self.place == "messages":
            return {"kind": ItemKind.MESSAGE, "thread_id": "dm", "visibility": Visibility.PRIVATE}
        if self.place in {"mention", "visitor"} and under is None:
            kind = ItemKind.MENTION if self.place == "mention" else ItemKind.VISITOR_POST
            return {"kind": kind, "thread_id": name, "visibility": public}
        shape = {"kind": ItemKind.COMMENT, "visibility": public, "root_id": "p" if self.place == "comments" else None}
        if self.place in {"mention", "visitor"}:
            assert under is not None
            return {**shape, "thread_id": under.thread_id, "parent_id": under.external_id}
        if self.platform in FLAT:  # a reply to a reply is put under the top as well
            top = under.thread_id if under else None
            return {**shape, "thread_id": top or name, "parent_id": top}
        parent = under.external_id if under else None
        if self.platform == "threads":  # a branch is a thread there
            return {**shape, "thread_id": under.thread_id if under else name, "parent_id": parent}
        return {**shape, "thread_id": "p", "parent_id": parent or "p"}

    def _facts(self, name: str, at: datetime) -> dict[str, Any]:
        return {"account": ACCOUNT_KEY, "platform": self.platform, "external_id": name, "published_at": at}

    def _moderated(self, event: Event) -> None:
        if event.who != "filter":
            order = ModerationEntry(
                account=ACCOUNT_KEY,
                external_id=event.what,
                action=ORDERS[event.verb],
                by=event.who,
                why="spam",
                begun_at=event.at,
            )
            begun = self.store.begin_moderation(order)
            self.store.end_moderation(replace(begun, outcome=Outcome.DONE, ended_at=event.at))
        self._is_seen_as(event.what, SEEN_AS[event.verb])

    def _is_seen_as(self, name: str, visibility: Visibility) -> None:
        self.names[name] = replace(self.names[name], visibility=visibility)
        seen = Recheck(account=ACCOUNT_KEY, external_id=name, visibility=visibility)
        self.store.set_visibility([seen], at=self.now)


def told(verdict: Verdict) -> str:
    """Put a verdict as the table does."""
    answered_by = (verdict.answered_by or "").removeprefix("person:")
    if verdict.state is QuestionState.ANSWERED:
        words = f"promised by {answered_by}" if verdict.is_holding else f"answered by {answered_by}"
    else:
        words = verdict.state.value if verdict.state else "none"
    words += " +remove" if verdict.needs_removal else ""
    return words + (f" +flag {verdict.unregistered_reply}" if verdict.unregistered_reply else "")
