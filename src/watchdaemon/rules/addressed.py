"""To whom a reply in a flat thread speaks, when it begins with a name."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from watchdaemon.domain.item import Item

_GREETING: Final = re.compile(
    r"(?:(?:hej(?:san|svejs)?(?:\s+på\s+(?:dig|er))?|hallå|tjena|god\s?(?:morgon|dag|middag|eftermiddag|kväll)"
    r"|tack(?:\s+så\s+mycket)?(?:\s+för\s+(?:(?:din|er|ditt|ert|den)\s+)?(?:bra\s+)?(?:fråg\w+|kommentar\w*|inlägg\w*))?"
    r"|hi|hello|dear|thanks|thank\s+you(?:\s+for\s+(?:your\s+)?\w+)?|good\s+(?:morning|afternoon))([^\w@]{1,5})){1,3}"
)
_STOP: Final = re.compile(r"[.!?\n]")
_HANDLE: Final = re.compile(r"@([\w.\-]{1,60})")
_GAP: Final = re.compile(r"[\s,;:&!–-]+(?:(?:och|and)\s+)?")

_LOOK_AT: Final = 400
"""Names stand in the beginning: the rest of a long reply is not looked at."""


def addressees(text: str, before: Sequence[Item]) -> list[Item] | None:
    """Return those of the earlier items whose authors the reply names at its very beginning, or None.

    None: it names nobody, so it speaks to all. Names are the full name as shown, a handle after "@", or a single name
    when it is unmistakably an address ("@Anna", "Hej Anna!", "Anna, …"). An "@handle" that nobody here has is an
    address to the only other author when there is just one, and otherwise to nobody we know: rather a question that
    stays open than one that is lost. A reply that began with a name may turn to somebody else in a later sentence.

    Args:
        text: The own reply's.
        before: What others wrote before it in the thread.
    """
    rest = text[:_LOOK_AT].lstrip().casefold()
    greeting = _GREETING.match(rest)
    # "Hej Bo" greets Bo; after "Hej!" a new sentence begins, and its first word may be any.
    is_greeted = greeting is not None and not _STOP.search(greeting.group(1))
    rest = rest[greeting.end() :] if greeting else rest
    named: dict[str, Item] = {}
    has_stranger = False
    for _ in range(10):
        length, items = _name_at(rest, before, is_greeted=is_greeted)
        if not length:
            break
        has_stranger = has_stranger or not items
        named.update({i.external_id: i for i in items})
        gap = _GAP.match(rest, length)
        rest = rest[gap.end() if gap else length :]
    if named:
        named.update({i.external_id: i for i in _addressed_later(rest, before)})
        return [i for i in before if i.external_id in named]
    if not has_stranger:
        return None
    return list(before) if len({_hand(i) for i in before}) == 1 else []


def _addressed_later(rest: str, before: Sequence[Item]) -> Iterator[Item]:
    """Yield the items of whom a later sentence of the same reply turns to: "Eva: at ten. Bo: no." """
    for sentence in _STOP.split(rest)[1:]:
        told = sentence.lstrip()
        length, items = _name_at(told, before, is_greeted=False)
        if items and (told.startswith("@") or _is_set_off(told, length)):
            yield from items


def _name_at(rest: str, before: Sequence[Item], *, is_greeted: bool) -> tuple[int, list[Item]]:
    """Return how long the name at the beginning of `rest` is (0: there is none) and the items of who bears it."""
    marked = rest.startswith("@")
    found: dict[str, list[Item]] = {}
    for item in before:
        for name, is_plain in _names(item):
            written = f"@{name}" if marked else name
            if _begins(rest, written) and (is_plain or marked or is_greeted or _is_set_off(rest, len(written))):
                found.setdefault(written, []).append(item)
    if found:
        longest = max(found, key=len)
        return len(longest), found[longest]
    handle = _HANDLE.match(rest)
    return (handle.end(), []) if handle else (0, [])


def _names(item: Item) -> Iterator[tuple[str, bool]]:
    """Yield the names the author answers to, and whether each is plain as a name (a single one may be a word)."""
    whole = " ".join((item.author or "").casefold().lstrip("@").split())
    if len(whole) < 2:
        return
    yield whole, " " in whole
    first = whole.split(" ", 1)[0]
    if first != whole and len(first) >= 2:
        yield first, False


def _begins(rest: str, name: str) -> bool:
    return rest.startswith(name) and not (rest[len(name) : len(name) + 1] or " ").isalnum()


def _is_set_off(rest: str, length: int) -> bool:
    return rest[length : length + 1] in {",", "!", ":", "–"}


def _hand(item: Item) -> str:
    """Return who wrote it; an unknown author is nobody but the author of that one item."""
    return item.author_id or item.author or f"unknown author of {item.external_id}"
