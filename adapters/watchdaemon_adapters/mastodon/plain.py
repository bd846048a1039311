"""A status's HTML as the plain text its author wrote: paragraphs, line breaks, lists, quotations, whole links. Pure."""

import html
import re
from html.parser import HTMLParser
from urllib.parse import unquote

_SPACE = re.compile(r"[ \t\r\n\f]+")  # what HTML takes for one space; a no-break space is a character
_TAG = re.compile(r"<[^>]*>")
_BLOCKS = frozenset({"p", "div", "blockquote", "pre", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "table", "tr"})
_UNSEEN = frozenset({"script", "style", "template"})
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # NUL and lone surrogates: no database and no mail takes them


def storable(text: str) -> str:
    """Replace what no database and no mail takes."""
    return _UNSTORABLE.sub("\ufffd", text)


def plain_text(content: str, *, without_quote_link: bool = False) -> str:
    """Return the text of a status's ``content``.

    What Mastodon hides by style (``invisible``, the beginning and end of a long address) belongs to the text. A link
    whose words are not its address gets the address behind it, in parentheses; mentions and hashtags stay as written.

    Args:
        content: HTML, as well formed as it may be.
        without_quote_link: Leave out the "RE: address" that a server puts before a quote post for older readers.
    """
    reader = _Reader(without_quote_link=without_quote_link)
    try:
        reader.feed(content)
        reader.close()
    except AssertionError:  # the library's word for some broken declarations (``<![x``)
        return storable(html.unescape(_TAG.sub(" ", content)).strip())
    return storable(reader.text())


class _Reader(HTMLParser):
    def __init__(self, *, without_quote_link: bool) -> None:
        super().__init__(convert_charrefs=True)
        self._without_quote_link = without_quote_link
        self._out: list[str] = []
        self._breaks = 0  # line ends to write before the next word
        self._pre = 0
        self._quotes = 0
        self._unseen: list[str] = []  # open tags, from the first whose content is not shown
        self._lists: list[int | None] = []  # the next number of an ordered list, None for a plain one
        self._link: tuple[str, int] | None = None  # address, and where its words begin

    def text(self) -> str:
        return "\n".join(line.rstrip(" ") for line in "".join(self._out).split("\n")).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        classes = given.get("class", "").split()
        if self._unseen or tag in _UNSEEN or (self._without_quote_link and "quote-inline" in classes):
            self._unseen += [] if tag in ("br", "img", "hr", "wbr") else [tag]
            return
        if tag in _BLOCKS:
            self._open_block(tag)
        elif tag == "li":
            self._open_point()
        elif tag == "br":
            self._write("\n" + "> " * self._quotes)
        elif tag == "img":
            self._write(given.get("alt", ""))
        elif tag == "a" and not {"mention", "hashtag"} & set(classes):
            self._link = (given.get("href", ""), len(self._out))

    def handle_endtag(self, tag: str) -> None:
        if self._unseen:
            if tag in self._unseen:
                del self._unseen[self._unseen.index(tag) :]
            return
        if tag in _BLOCKS:
            self._close_block(tag)
        elif tag == "li":
            self._break(1)
        elif tag == "a":
            self._close_link()

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        if self._pre:
            self._write(data.replace("\r\n", "\n"))
            return
        words = _SPACE.sub(" ", data)
        if self._at_line_start():
            words = words.lstrip(" ")
        self._write(words)

    def _open_block(self, tag: str) -> None:
        nested = tag in ("ul", "ol") and bool(self._lists)
        self._break(1 if nested or tag in ("div", "tr") else 2)
        self._pre += tag == "pre"
        self._quotes += tag == "blockquote"
        if tag in ("ul", "ol"):
            self._lists.append(1 if tag == "ol" else None)

    def _close_block(self, tag: str) -> None:
        if tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        self._break(1 if tag in ("div", "tr") or (tag in ("ul", "ol") and self._lists) else 2)
        self._pre = max(0, self._pre - (tag == "pre"))
        self._quotes = max(0, self._quotes - (tag == "blockquote"))

    def _open_point(self) -> None:
        self._break(1)
        number = self._lists[-1] if self._lists else None
        if number is not None:
            self._lists[-1] = number + 1
        self._write("  " * max(0, len(self._lists) - 1) + (f"{number}. " if number is not None else "- "))

    def _close_link(self) -> None:
        address, start = self._link or ("", 0)
        self._link = None
        shown = "".join(self._out[start:]).strip()
        if address.startswith(("https://", "http://", "mailto:")) and _bare(shown) != _bare(address):
            self._write(f" ({address})" if shown else address)

    def _at_line_start(self) -> bool:
        return self._breaks > 0 or not self._out or self._out[-1].endswith(("\n", "> ", " "))

    def _break(self, lines: int) -> None:
        if self._out:
            self._breaks = max(self._breaks, lines)

    def _write(self, text: str) -> None:
        if not text:
            return
        if self._breaks:
            self._out.append("\n" * self._breaks)
        if (self._breaks or not self._out) and self._quotes and not text.startswith("\n"):
            self._out.append("> " * self._quotes)
        self._breaks = 0
        self._out.append(text)


def _bare(address: str) -> str:
    """Return an address without what a reader may leave out of it."""
    return unquote(address).removeprefix("mailto:").removeprefix("https://").removeprefix("http://").rstrip("/").lower()
