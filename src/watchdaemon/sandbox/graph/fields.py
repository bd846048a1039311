"""Reads field expansion: ``id,comments.filter(stream).limit(50){id,parent{id}}``."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from watchdaemon.sandbox.graph.errors import syntax_error

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Field:
    """One asked-for field: its modifiers as parameters, and what is asked for inside it (empty: the defaults)."""

    name: str
    params: Mapping[str, str] = field(default_factory=dict)
    children: tuple["Field", ...] = ()
    alias: str | None = None

    @property
    def shown_as(self) -> str:
        """The key in the answer."""
        return self.alias or self.name


@lru_cache(maxsize=512)
def parse_fields(text: str) -> tuple[Field, ...]:
    """Return the asked-for fields in order. Raises GraphError 2500 on bad syntax or a name asked for twice."""
    reader = _Reader(text)
    fields = reader.fields(0)
    if reader.at < len(text):
        raise reader.error(f"Expected end of string instead of {text[reader.at]}")
    return fields


def unparse(fields: tuple[Field, ...]) -> str:
    """Write fields as text again (for the `next` address of a nested edge)."""
    return ",".join(_unparse_one(f) for f in fields)


def _unparse_one(one: Field) -> str:
    modifiers = "".join(f".{name}({value})" for name, value in one.params.items())
    alias = f".as({one.alias})" if one.alias else ""
    children = f"{{{unparse(one.children)}}}" if one.children else ""
    return f"{one.name}{modifiers}{alias}{children}"


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def error(self, what: str) -> Exception:
        return syntax_error(what, self.at, self.text)

    def fields(self, depth: int) -> tuple[Field, ...]:
        if depth > _DEEPEST:
            raise self.error("Nested too deep")
        found = [self.one(depth)]
        while self.take(","):
            found.append(self.one(depth))
        shown = [f.shown_as for f in found]
        for name in shown:
            if shown.count(name) > 1:
                raise self.error(f"Field {name} specified more than once. This is only possible before version 2.1")
        return tuple(found)

    def one(self, depth: int) -> Field:
        name = self.name()
        params: dict[str, str] = {}
        children: tuple[Field, ...] = ()
        while self.at < len(self.text) and self.text[self.at] in ".{":
            if self.take("{"):
                children = self.fields(depth + 1)
                self.want("}")
            else:
                self.at += 1
                params.update(self.modifier())
        alias = params.pop("as", None)
        return Field(name, params, children, alias)

    def modifier(self) -> dict[str, str]:
        name = self.name()
        self.want("(")
        end = self.text.find(")", self.at)
        if end < 0:
            raise self.error("Expected )")
        value = self.text[self.at : end]
        self.at = end + 1
        return {name: value.strip()}

    def name(self) -> str:
        while self.take(" "):
            pass
        match = _NAME.match(self.text, self.at)
        if match is None:
            raise self.error("Expected a field name")
        self.at = match.end()
        while self.take(" "):
            pass
        return match.group()

    def take(self, character: str) -> bool:
        if self.text.startswith(character, self.at):
            self.at += 1
            return True
        return False

    def want(self, character: str) -> None:
        if not self.take(character):
            raise self.error(f"Expected {character}")
