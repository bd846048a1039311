"""What is kept when the same thing is seen again: an item fetched anew, an item rechecked, a window tried once more.

Every store uses these functions, so that they all keep the same.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from watchdaemon.domain.fetch import Coverage, Recheck
from watchdaemon.domain.item import BLANKED, Item, Visibility, Wording
from watchdaemon.domain.quota import Held
from watchdaemon.domain.watch import FetchAttempt, WatchEntry, Window
from watchdaemon.errors import Reason

_COVERAGE_RANK = {Coverage.COMPLETE: 3, Coverage.PARTIAL: 2, Coverage.FAILED: 1}


def storable(text: str) -> str:
    """Return `text` as any database takes it: NUL and lone surrogates become U+FFFD, surrogate pairs their character.

    PostgreSQL refuses U+0000 in text (manual, "Character Types"), and neither engine can encode a lone surrogate.
    """
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    if text.isascii():  # costs nothing, and most ids and links are
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def storable_item(item: Item) -> Item:
    """Return the item with every text storable; the very same object when nothing had to change."""
    changed: dict[str, Any] = {}
    if item.earlier:
        changed["earlier"] = tuple(replace(w, text=storable(w.text)) for w in item.earlier)
    for name in _ITEM_TEXTS:
        text = getattr(item, name)
        if text is not None and (clean := storable(text)) != text:
            changed[name] = clean
    extra = {storable(name): storable(value) for name, value in item.extra.items()}
    if not changed and extra == item.extra:
        return item
    return replace(item, **changed, extra=extra)


_ITEM_TEXTS = (
    "account",
    "platform",
    "external_id",
    "thread_id",
    "parent_id",
    "root_id",
    "author",
    "author_id",
    "text",
    "url",
)


def merge_item(stored: Item, fetched: Item, *, at: datetime | None = None) -> Item:
    """Return what to keep of an item seen before and now seen again.

    The fetched answer holds, except that nothing known is lost: a part that the platform left out this time (author,
    link, parent, time of edit) stays, who wrote it stays known when the author is withheld, and a deleted item that
    comes without its text keeps it. An answer older than the stored one, by its time of edit, does not bring the old
    text back. The result does not depend on the order in which answers with different times of edit arrive.

    What it said before an edit is kept in `earlier`, so that an edit after the answer can be told from a slip of the
    keys. `at` is when the new answer came (aware UTC): it stands for the time of an edit that the platform does not
    tell; without it such an edit's earlier words are not kept.
    """
    names = _KEPT_WHEN_LEFT_OUT + (_KEPT_WHEN_WITHHELD if fetched.author_id is None else ())
    kept: dict[str, Any] = {n: known for n in names if not getattr(fetched, n) and (known := getattr(stored, n))}
    if _is_older(fetched, stored):
        kept |= {"text": stored.text, "edited_at": stored.edited_at}
    if fetched.visibility is Visibility.DELETED and not fetched.text:
        kept["text"] = stored.text
    if (earlier := _earlier(stored, fetched, at)) != fetched.earlier:
        kept["earlier"] = earlier
    if not stored.extra.keys() <= fetched.extra.keys():
        kept["extra"] = {**stored.extra, **fetched.extra}
    return replace(fetched, **kept) if kept else fetched


_KEPT_WHEN_LEFT_OUT = ("parent_id", "root_id", "author", "author_id", "url", "edited_at")
_KEPT_WHEN_WITHHELD = ("by_account", "is_automatic")


_MOST_WORDINGS = 20
"""Somebody who edits more often than that is not followed further back."""


def _earlier(stored: Item, fetched: Item, at: datetime | None) -> tuple[Wording, ...]:
    """Return what the item said before what it says now, oldest first."""
    if BLANKED in fetched.extra or BLANKED in stored.extra:
        return ()
    is_emptied = fetched.visibility is Visibility.DELETED and not fetched.text
    if stored.text == fetched.text or is_emptied or stored.by_account:
        return stored.earlier
    if _is_older(fetched, stored):
        past, now_since = Wording(text=fetched.text, since=fetched.edited_at), stored.edited_at
    else:
        past, now_since = Wording(text=stored.text, since=stored.edited_at, until=at), fetched.edited_at
    known = [w for w in stored.earlier if (w.text, w.since) != (past.text, past.since)]
    # Those without a time of their own came in the order in which they were seen, and before those with one.
    ordered = sorted([*known, past], key=lambda w: (w.since is not None, w.since or stored.published_at))
    ends = [w.since for w in ordered[1:]] + [now_since]
    dated = (replace(w, until=end or w.until) for w, end in zip(ordered, ends, strict=True))
    return tuple(w for w in dated if w.until is not None)[-_MOST_WORDINGS:]


def _is_older(fetched: Item, stored: Item) -> bool:
    """Tell whether an answer is older than the stored one, by the times of edit.

    Where a platform tells of an edit, an answer with other words and no time of edit is from before it.
    """
    if stored.edited_at is None:
        return False
    if fetched.edited_at is None:
        return fetched.text != stored.text
    return fetched.edited_at < stored.edited_at


def apply_recheck(stored: Item, recheck: Recheck, *, at: datetime | None = None) -> Item:
    """Return the item as a recheck leaves it.

    Without a visibility nothing is known and the item stays. A deleted item comes back only when the platform gave
    the item itself, not by a mere word that something is there.
    """
    if recheck.visibility is None:
        return stored
    if recheck.item is not None:
        read = replace(
            recheck.item, account=stored.account, external_id=stored.external_id, visibility=recheck.visibility
        )
        return merge_item(stored, read, at=at)
    if stored.visibility is Visibility.DELETED:
        return stored
    return replace(stored, visibility=recheck.visibility)


def add_attempt(entry: WatchEntry | None, attempt: FetchAttempt) -> WatchEntry:
    """Return the window's entry with one more attempt.

    The entry speaks of the best attempt (complete before partial before failed; of equals the one that ended last),
    and any attempt is better than a gap. Items are summed over the attempts. Until the window is complete, `retry_at`
    and `needs_person` are the newest attempt's, because they say what to do next. Told and seen stay as they were.
    """
    entry = entry or empty_entry(attempt.account, attempt.window)
    last_attempt_at = max(filter(None, (entry.last_attempt_at, attempt.ended_at)))
    entry = replace(
        entry,
        window=attempt.window,
        attempts=entry.attempts + 1,
        items=entry.items + attempt.items,
        new_items=entry.new_items + attempt.new_items,
        last_attempt_at=last_attempt_at,
    )
    if _is_better(attempt, entry):
        entry = replace(
            entry,
            coverage=attempt.coverage,
            fetched_at=attempt.ended_at,
            malformed=attempt.malformed,
            reason=attempt.reason,
            detail=attempt.detail,
            cause_key=attempt.cause_key,
        )
    if entry.coverage is Coverage.COMPLETE:
        return replace(entry, needs_person=False, retry_at=None)
    if attempt.ended_at == last_attempt_at:
        return replace(entry, needs_person=attempt.needs_person, retry_at=attempt.retry_at)
    return entry


def _is_better(attempt: FetchAttempt, entry: WatchEntry) -> bool:
    if entry.coverage is None or entry.fetched_at is None:
        return True
    rank, kept = _COVERAGE_RANK[attempt.coverage], _COVERAGE_RANK[entry.coverage]
    return rank > kept or (rank == kept and attempt.ended_at >= entry.fetched_at)


def add_gap(entry: WatchEntry | None, gap: WatchEntry) -> WatchEntry | None:
    """Return the entry of a window that closed unfetched, or None when what is known already says more."""
    if entry is None:
        return gap
    if entry.coverage is not None:
        return None
    return replace(entry, coverage=gap.coverage, reason=gap.reason, detail=gap.detail)


def add_postponed(entry: WatchEntry, held: Held) -> WatchEntry:
    """Return the entry of a window whose first attempt a budget holds back; an attempt's own word is worth more."""
    if entry.coverage is not None:
        return entry
    return replace(entry, reason=Reason.QUOTA, detail=held.detail, cause_key=held.cause_key, retry_at=held.until)


def add_told(entry: WatchEntry, persons: Sequence[str], at: datetime) -> WatchEntry:
    """Return the entry with these persons told: the first time stays, the persons add up."""
    told_to = tuple(dict.fromkeys([*entry.told_to, *persons]))
    return replace(entry, told_at=entry.told_at or at, told_to=told_to)


def add_seen(entry: WatchEntry, person: str, at: datetime) -> WatchEntry:
    """Return the entry as seen by that person, unless somebody was first."""
    return entry if entry.seen_at is not None else replace(entry, seen_at=at, seen_by=person)


def empty_entry(account: str, window: Window) -> WatchEntry:
    """Return an entry that says nothing yet."""
    return WatchEntry(account=account, window=window)
