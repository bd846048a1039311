"""Makes strings from outside harmless: they may say anything, but only inside their own place in a mail.

Names and texts come from strangers. What is dangerous is not the words but the characters that act: line breaks (a
new header), directional controls (which reorder the words around them), NUL and other controls, halves of characters.
"""

import re
import unicodedata
from urllib.parse import urlsplit

NAME_LIMIT = 120
"""Characters of a name that are shown."""

TEXT_LIMIT = 2_000
"""Characters of an item's text that are shown; the rest is a click away."""

_MARKS_IN_A_ROW = 4  # no living script stacks more; more climb out of their line and cover ours

_JOINERS = "\u200c\u200d"  # emoji families and Persian are wrong without them; they move nothing
_TAGS = range(0xE0020, 0xE0080)  # the flags of England, Scotland and Wales
_BLANK_LETTERS = "\u115f\u1160\u2800\u3164\uffa0"  # letters to Unicode, nothing to the eye
_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"
_LINE_BREAKS = re.compile("\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_NOT_IN_A_LINK = re.compile(r"[\s<>\"'`\\^{|}]")


def line(text: str | None, *, limit: int = NAME_LIMIT) -> str:
    """Return the text as one harmless line, at most `limit` characters; "" when nothing of it can be seen."""
    spaced = re.sub(r"\s", " ", (text or "")[: limit * 50])  # names of 100 kB exist; nobody reads them to the end
    flat = " ".join(_without_acting_characters(spaced).split())
    if all(_is_invisible(char) for char in flat):
        return ""
    return flat if len(flat) <= limit else flat[: limit - 1].rstrip() + "…"


def block(text: str) -> str:
    """Return a text with its own line breaks and otherwise harmless; at most one empty line in a row."""
    cleaned = _without_acting_characters(_LINE_BREAKS.sub("\n", text).replace("\t", "    "), keep_tags=True)
    lines = "\n".join(part.rstrip() for part in cleaned.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n")


def trim(text: str, limit: int = TEXT_LIMIT) -> tuple[str, int]:
    """Cut a text at a word near `limit` characters; returns it and how many characters were left out."""
    if len(text) <= limit:
        return text, 0
    kept = text[:limit]
    space = max(kept.rfind(" "), kept.rfind("\n"))
    kept = kept[: space if space > limit * 0.8 else limit].rstrip()
    return kept, len(text) - len(kept)


def isolate(text: str) -> str:
    """Wrap a text written from right to left so that it cannot pull the words beside it round; others stay as is."""
    if any(unicodedata.bidirectional(char) in {"R", "AL", "AN"} for char in text):
        return f"{_FIRST_STRONG_ISOLATE}{text}{_POP_ISOLATE}"
    return text


def name(text: str | None, *, limit: int = NAME_LIMIT) -> str:
    """Return a name that can stand inside a sentence of ours."""
    return isolate(line(text, limit=limit))


def link(url: str | None) -> str | None:
    """Return the address when it is a plain web link, else None: then it is shown as text and cannot be clicked."""
    if not url or len(url) > 2_000 or _NOT_IN_A_LINK.search(url) or url != _without_acting_characters(url):
        return None
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        return None
    # a user name in front of the host is how "https://facebook.com@evil.example" is made
    is_web = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
    return url if is_web and port_is_fine else None


def _without_acting_characters(text: str, *, keep_tags: bool = False) -> str:
    kept: list[str] = []
    marks = 0
    for char in text:
        category = unicodedata.category(char)
        if category == "Cs" or (ord(char) & 0xFFFE) == 0xFFFE:
            kept.append("\ufffd")  # half a character: it cannot be encoded
            continue
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if marks > _MARKS_IN_A_ROW or not _is_harmless(char, category, keep_tags=keep_tags):
            continue
        kept.append(char)
    return "".join(kept)


def _is_harmless(char: str, category: str, *, keep_tags: bool) -> bool:
    if category == "Cc":
        return char == "\n"  # the callers have turned every other break and tab into it or into spaces
    if category == "Cf":  # the directional controls, and all else that acts without being seen
        return char in _JOINERS or (keep_tags and ord(char) in _TAGS)
    return True


def _is_invisible(char: str) -> bool:
    return char in _BLANK_LETTERS or unicodedata.category(char)[0] in "CZM"
