"""The `fields` parameter of Google's APIs: which parts of an answer to send, as in ``items(id,snippet/title)``."""

import re
from typing import TypeAlias

from watchdaemon.sandbox.youtube.spec import refused

Selection: TypeAlias = "dict[str, Selection]"
"""Names to what is wanted of them; empty means everything."""

_DEEPEST = 20
_TOKEN = re.compile(r"[A-Za-z*][A-Za-z0-9*]*|[(),/]")


def read_fields(text: str) -> Selection:
    """Read a selector.

    Raises:
        Refused: 400 when it is not one.
    """
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != text or text.count("(") > _DEEPEST:
        raise _invalid(text)
    selection, rest = _read(tokens, text)
    if rest:
        raise _invalid(text)
    return selection


def _invalid(text: str) -> Exception:
    return refused(400, "invalidParameter", f"Invalid field selection {text}", domain="global", location="fields")


def _read(tokens: list[str], text: str) -> tuple[Selection, list[str]]:
    selection: Selection = {}
    while True:
        path, tokens = _read_path(tokens, text)
        inner: Selection = {}
        if tokens[:1] == ["("]:
            inner, tokens = _read(tokens[1:], text)
            if tokens[:1] != [")"]:
                raise _invalid(text)
            tokens = tokens[1:]
        here = selection
        for name in path[:-1]:
            here = here.setdefault(name, {})
        here[path[-1]] = inner
        if tokens[:1] != [","]:
            return selection, tokens
        tokens = tokens[1:]


def _read_path(tokens: list[str], text: str) -> tuple[list[str], list[str]]:
    path: list[str] = []
    while True:
        if not tokens or not (tokens[0][0].isalpha() or tokens[0] == "*"):
            raise _invalid(text)
        path.append(tokens[0])
        tokens = tokens[1:]
        if tokens[:1] != ["/"]:
            return path, tokens
        tokens = tokens[1:]


def select(value: object, selection: Selection) -> object:
    """Return what is selected of an answer."""
    if not selection:
        return value
    if isinstance(value, list):
        return [select(item, selection) for item in value]
    if not isinstance(value, dict):
        return value
    wanted = {name: selection.get(name, selection.get("*")) for name in value}
    return {name: select(value[name], inner) for name, inner in wanted.items() if inner is not None}
