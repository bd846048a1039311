"""Reads a rendered mail back, the way a mail program does."""

import csv
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import lru_cache
from html.parser import HTMLParser
from io import StringIO
from typing import Literal

from watchdaemon.domain.delivery import OutgoingMail


@lru_cache(maxsize=32)
def parsed(mail: OutgoingMail) -> EmailMessage:
    """Parse the whole message, strictly."""
    return message_from_bytes(mail.message, policy=policy.SMTP)


@lru_cache(maxsize=32)
def text(mail: OutgoingMail) -> str:
    """Return the text part."""
    return _part(mail, "plain")


@lru_cache(maxsize=32)
def html(mail: OutgoingMail) -> str:
    """Return the HTML part."""
    return _part(mail, "html")


def file_rows(mail: OutgoingMail) -> list[list[str]]:
    """Return the cells of the attached file; [] when there is none."""
    for part in parsed(mail).iter_attachments():
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        return list(csv.reader(StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))
    return []


def _part(mail: OutgoingMail, subtype: Literal["plain", "html"]) -> str:
    body = parsed(mail).get_body((subtype,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


class Page(HTMLParser):
    """What a page is made of: its tags with their attributes, and its visible words."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.comments: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Keep an end tag."""
        self.tags.append((f"/{tag}", {}))

    def handle_data(self, data: str) -> None:
        """Keep words, but for those of the style sheet."""
        if not self.tags or self.tags[-1][0] != "style":
            self.words.append(data)

    def handle_comment(self, data: str) -> None:
        """Keep a comment."""
        self.comments.append(data)

    @property
    def skeleton(self) -> list[tuple[str, tuple[str, ...]]]:
        """The tags with their attributes' names, without line breaks: what no text may change."""
        return [(tag, tuple(sorted(attributes))) for tag, attributes in self.tags if tag != "br"]

    def links(self) -> Iterator[str]:
        """Yield every address that can be clicked."""
        for tag, attributes in self.tags:
            if tag == "a":
                yield attributes.get("href") or ""

    @property
    def shown(self) -> str:
        """The visible words, white space folded."""
        return " ".join("".join(self.words).split())
