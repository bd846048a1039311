"""Fields expressions of the Graph, read strictly: ``a,b{c},comments.filter(stream).limit(5){id}``."""

from collections.abc import Mapping
from dataclasses import dataclass, field


class GrammarError(ValueError):
    """An expression the Graph would not take."""


@dataclass(frozen=True)
class Wish:
    """One field or edge that is asked for."""

    name: str
    modifiers: Mapping[str, str] = field(default_factory=dict)
    below: "tuple[Wish, ...] | None" = None


def parse(text: str) -> tuple[Wish, ...]:
    """Read a whole expression."""
    wishes, end = _list(text, 0)
    if end != len(text):
        raise GrammarError(f"unexpected {text[end]!r} at {end}")
    names = [w.name for w in wishes]
    if len(set(names)) != len(names):
        raise GrammarError("a field is asked for twice")
    return wishes


def _list(text: str, at: int) -> tuple[tuple[Wish, ...], int]:
    wishes = []
    while True:
        wish, at = _wish(text, at)
        wishes.append(wish)
        if at >= len(text) or text[at] != ",":
            return tuple(wishes), at
        at += 1


def _wish(text: str, at: int) -> tuple[Wish, int]:
    name, at = _name(text, at)
    modifiers: dict[str, str] = {}
    while at < len(text) and text[at] == ".":
        modifier, at = _name(text, at + 1)
        close = text.find(")", at)
        if at >= len(text) or text[at] != "(" or close < 0:
            raise GrammarError(f"modifier {modifier} has no value")
        modifiers[modifier], at = text[at + 1 : close], close + 1
    if at < len(text) and text[at] == "{":
        below, at = _list(text, at + 1)
        if at >= len(text) or text[at] != "}":
            raise GrammarError("a brace is not closed")
        return Wish(name, modifiers, below), at + 1
    return Wish(name, modifiers), at


def _name(text: str, at: int) -> tuple[str, int]:
    end = at
    while end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    if end == at:
        raise GrammarError(f"a name is missing at {at}")
    return text[at:end], end
