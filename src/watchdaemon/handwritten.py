"""What people write by hand: TOML read together with the line of every key, so that a fault can say where it is, and
the checks that the configuration and the register share."""

import difflib
import re
import tomllib
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from watchdaemon.errors import ConfigError, Fault

Place = tuple[str | int, ...]
"""The way to a value: table keys and, in arrays, positions from 0."""

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BARE_VALUE = re.compile(r"[^,\]}#\n]*")
_NAMED_KEY = re.compile(r"([a-z_]+(?:\.[a-z_]+)*): ")
_SENTENCES = {
    "missing": "is missing",
    "dict_type": "must be a table",
    "mapping_type": "must be a table",
    "model_type": "must be a table",
    "list_type": "must be an array",
    "tuple_type": "must be an array",
    "string_type": "must be text in quotes",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
}
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class TomlText:
    """A parsed file with the lines (from 1) its keys stand on."""

    file: str
    data: Mapping[str, object]
    lines: Mapping[Place, int] = field(default_factory=dict)

    def line_of(self, place: Place) -> int | None:
        """Return the line of the value at `place`, or of the nearest thing around it that is written in the file."""
        for length in range(len(place), 0, -1):
            if (line := self.lines.get(place[:length])) is not None:
                return line
        return None


def read_toml(path: Path) -> TomlText:
    """Read a TOML file.

    Raises:
        ConfigError: It cannot be read, is not UTF-8 or not TOML; the fault names the line where tomllib stopped.
    """
    file = str(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")  # Windows editors like to begin with a byte order mark
    except OSError as error:
        raise ConfigError(faults=[Fault(file, "", f"cannot be read: {error.strerror or error}")]) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(faults=[Fault(file, "", "is not UTF-8 text", line)]) from error
    return parse_toml(text, file=file)


def parse_toml(text: str, *, file: str) -> TomlText:
    """Parse TOML; `file` names it in faults. Raises ConfigError like `read_toml`."""
    text = text.replace("\r\n", "\n")
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(faults=[_syntax_fault(error, text, file)]) from error
    return TomlText(file=file, data=data, lines=_Locator(text).locate())


def _syntax_fault(error: tomllib.TOMLDecodeError, text: str, file: str) -> Fault:
    message = str(error)
    if (found := _AT_LINE.search(message)) is not None:
        line = int(found.group(1))
    else:  # "at end of document"
        line = max(1, text.rstrip("\n").count("\n") + 1)
    return Fault(file, "", f"is not valid TOML: {_AT_LINE.sub('', message).strip()}", line)


def check_address(value: str) -> str:
    """Refuse what is no plain mail address (no name, no line breaks). Raises ValueError."""
    if not _ADDRESS.fullmatch(value):
        raise ValueError("must be a mail address such as watch@example.org")
    return value


def check_line(value: str) -> str:
    """Refuse line breaks and other control characters: the text ends up in mail headers. Raises ValueError."""
    if not value.isprintable():
        raise ValueError("must be one line of text without control characters")
    return value.strip()


def shown_place(place: Place) -> str:
    """Write a place the way people name it: ``watch.windows[0]``."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def nearest_key(key: str, known: Iterable[str]) -> str:
    """Return " (did you mean …?)" when a known key is spelt much like `key`, else ""."""
    near = difflib.get_close_matches(key, list(known), n=1, cutoff=0.6)
    return f" (did you mean {near[0]!r}?)" if near else ""


def explain(error: ValidationError, known: Mapping[str, Iterable[str]]) -> list[tuple[Place, str]]:
    """Turn pydantic's errors into places and sentences; never repeats a value, for it may be a secret.

    Args:
        error: What pydantic found.
        known: The keys each table may have, by the table's shown place without positions (``"owners"``; "" is the
            outermost), for the hint at an unknown key.

    A ValueError about a table as a whole may begin with ``key: `` to say which of its keys is at fault.
    """
    return [
        _explain_one(e["type"], tuple(part for part in e["loc"] if part != "[key]"), e["msg"], known)
        for e in error.errors(include_input=False)
    ]


def _explain_one(kind: str, place: Place, message: str, known: Mapping[str, Iterable[str]]) -> tuple[Place, str]:
    if kind == "extra_forbidden":
        table = ".".join(part for part in place[:-1] if isinstance(part, str))
        return place, f"unknown key{nearest_key(str(place[-1]), known.get(table, ()))}"
    if kind in _SENTENCES:
        return place, _SENTENCES[kind]
    text = message.removeprefix("Value error, ").removeprefix("Input ")
    if kind == "value_error" and (named := _NAMED_KEY.match(text)) is not None:
        place, text = (*place, *named.group(1).split(".")), text[named.end() :]
    return place, text[:1].lower() + text[1:]


class _Locator:
    """Walks through text that tomllib took as valid and notes where each key stands.

    Because the text is known to be valid, it may read loosely: it only has to know where strings, arrays and inline
    tables begin and end.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._ends = [at for at, char in enumerate(text) if char == "\n"]
        self._at = 0
        self._lines: dict[Place, int] = {}
        self._array_tables: dict[Place, int] = {}  # how many [[tables]] were seen

    def locate(self) -> dict[Place, int]:
        table: Place = ()
        while self._skip_blank():
            if self._peek() == "[":
                table = self._header()
            else:
                self._assignment(table)
        return self._lines

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip_blank(self) -> bool:
        """Go past white space, line ends and comments; False at the end of the text."""
        while (char := self._peek()) in (" ", "\t", "\n", "#") and char:
            self._at = self._line_end() if char == "#" else self._at + 1
        return bool(self._peek())

    def _line_end(self) -> int:
        end = self._text.find("\n", self._at)
        return len(self._text) if end < 0 else end

    def _note(self, place: Place, at: int) -> None:
        self._lines.setdefault(place, bisect_left(self._ends, at) + 1)

    def _header(self) -> Place:
        start = self._at
        is_array = self._text.startswith("[[", start)
        self._at += 2 if is_array else 1
        place: Place = ()
        keys = self._key()
        for position, key in enumerate(keys):
            place = (*place, key)
            self._note(place, start)
            is_last = position == len(keys) - 1
            if is_array and is_last:
                self._array_tables[place] = self._array_tables.get(place, 0) + 1
            if place in self._array_tables:
                place = (*place, self._array_tables[place] - 1)
                self._note(place, start)
        self._at += 2 if is_array else 1
        return place

    def _key(self) -> list[str]:
        """Read a dotted key; stops at what follows it ("=" or "]")."""
        parts: list[str] = []
        while True:
            self._skip_blank()
            if self._peek() in "\"'":
                parts.append(self._quoted())
            else:
                found = _BARE_KEY.match(self._text, self._at)
                parts.append(found.group() if found else "")
                self._at = found.end() if found else self._at + 1
            self._skip_blank()
            if self._peek() != ".":
                return parts
            self._at += 1

    def _quoted(self) -> str:
        start = self._at
        self._string()
        return str(tomllib.loads(f"k = {self._text[start : self._at]}")["k"])

    def _assignment(self, table: Place) -> None:
        start = self._at
        place = table
        for key in self._key():
            place = (*place, key)
            self._note(place, start)
        self._at += 1  # the "="
        self._value(place)

    def _value(self, place: Place) -> None:
        self._skip_blank()
        char = self._peek()
        if char == "[":
            self._array(place)
        elif char == "{":
            self._inline_table(place)
        elif char in ("'", '"'):
            self._string()
        else:
            found = _BARE_VALUE.match(self._text, self._at)
            self._at = found.end() if found else self._at

    def _array(self, place: Place) -> None:
        self._at += 1
        position = 0
        while self._skip_blank() and self._peek() != "]":
            if self._peek() == ",":
                self._at += 1
                continue
            self._note((*place, position), self._at)
            self._value((*place, position))
            position += 1
        self._at += 1

    def _inline_table(self, place: Place) -> None:
        self._at += 1
        while self._skip_blank() and self._peek() != "}":
            if self._peek() == ",":
                self._at += 1
            else:
                self._assignment(place)
        self._at += 1

    def _string(self) -> None:
        quote = self._peek()
        mark = quote * 3 if self._text.startswith(quote * 3, self._at) else quote
        self._at += len(mark)
        while not self._text.startswith(mark, self._at):
            self._at += 2 if quote == '"' and self._peek() == "\\" else 1
        self._at += len(mark)
        while len(mark) == 3 and self._peek() == quote:  # '""""' ends a string whose last character is a quote
            self._at += 1
