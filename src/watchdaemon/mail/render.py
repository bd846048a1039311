"""Turns a digest, a report or an alert into a whole message, in the reader's language.

Deciding what is said belongs to the rules, saying it in words to the view modules beside this one, placing the words
to the templates. A rendered mail is a pure function of its data: the same again is the same bytes.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import css_inline
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from watchdaemon.domain.account import Person
from watchdaemon.domain.alert import AlertNotice
from watchdaemon.domain.delivery import DeliveryKey, OutgoingMail
from watchdaemon.domain.digest import Digest, WeeklyReport
from watchdaemon.domain.overview import MonthlyOverview
from watchdaemon.errors import ConfigError
from watchdaemon.mail import _clean
from watchdaemon.mail._alert import notice_view
from watchdaemon.mail._alert_table import alert_table
from watchdaemon.mail._digest import digest_table, digest_view
from watchdaemon.mail._message import Attachment, Letter, compose, is_address, message_id
from watchdaemon.mail._monthly import monthly_table, monthly_view
from watchdaemon.mail._place import Place, alert_place, digest_place, usual_place
from watchdaemon.mail._weekly import weekly_table, weekly_view
from watchdaemon.mail.language import LANGUAGES, Words, sentence
from watchdaemon.ports import Links

_SHOWN = (40, 25, 15, 8)
"""How many items a mail tries to show: fewer only when it would become too big."""

_SHOWN_WHOLE = 100_000
"""Bytes of HTML. Gmail cuts a message that is longer than 102 kB, and hides the rest behind a link."""

_DARK_INK, _LIGHT_INK = "#000000", "#ffffff"


class MailRenderer:
    """The port `Renderer`. Safe to share between threads."""

    def __init__(
        self,
        *,
        organisation: str,
        sender: str,
        zone: ZoneInfo,
        language: str = "sv",
        colour: str = "#1f4e79",
        reply_to: str | None = None,
        links: Links | None = None,
        sender_name: str | None = None,
        secret: str = "",
    ) -> None:
        """Make a renderer.

        Args:
            organisation: Its name, as mails show it and as the sender's name.
            sender: The address mails come from; the Message-ID takes its domain.
            zone: The wall clock of every time that is shown.
            language: What a person whose own language has no catalog gets, and the language citizens mostly write in.
            colour: The organisation's colour, ``#rrggbb``, for the strip at the top; its ink is chosen for contrast.
            reply_to: Where an answer to the mail goes, when not to the sender.
            links: Addresses of the pages on which a reader says what became of an item; None when none are served.
            sender_name: The name beside `sender`; None: the organisation's.
            secret: Goes into the Message-IDs, so that nobody who has not seen a mail can name it.

        Raises:
            ConfigError: An address, the colour or the language cannot be used.
        """
        for key, address in (("mail.sender", sender), ("mail.reply_to", reply_to or sender)):
            if not is_address(address):
                raise ConfigError(f"{key}: {address!r} is not a mail address")
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
            raise ConfigError(f"mail.colour: {colour!r} is not a colour like #1f4e79")
        if language not in LANGUAGES:
            raise ConfigError(f"organisation.language: {language!r} is not one of {', '.join(LANGUAGES)}")
        self._organisation = _clean.name(organisation) or "Watchdaemon"
        self._sender = sender
        self._zone = zone
        self._language = language
        self._colour = colour
        self._reply_to = reply_to
        self._links = links
        self._sender_name = _clean.line(sender_name or self._organisation, limit=80)
        self._secret = secret

    def digest(self, digest: Digest, key: DeliveryKey) -> OutgoingMail:
        """Render an owner's digest; what is too much for a mail goes on in an attached file."""
        words, who, now = self._words(digest.recipient), digest.recipient, digest.now
        body, shown = self._fitting(
            lambda shown: self._body(key, who, words, now, digest_view(digest, words, self._links, shown=shown))
        )
        attached = [digest_table(digest, words)] if len(digest.entries) > shown else []
        return self._mail(key, who, words, now, body, place=digest_place(digest, key), attached=attached)

    def weekly(self, report: WeeklyReport, key: DeliveryKey) -> OutgoingMail:
        """Render a manager's weekly report; what is too much for a mail goes on in an attached file."""
        words, who, now = self._words(report.recipient), report.recipient, report.now
        body, shown = self._fitting(
            lambda shown: self._body(key, who, words, now, weekly_view(report, words, shown=shown))
        )
        attached = [weekly_table(report, words)] if len(report.rows) > shown else []
        return self._mail(key, who, words, now, body, attached=attached)

    def monthly(self, overview: MonthlyOverview, key: DeliveryKey) -> OutgoingMail:
        """Render the communications unit's monthly overview; the attached file has every account."""
        words, who, now = self._words(overview.recipient), overview.recipient, overview.now
        body, _ = self._fitting(
            lambda shown: self._body(key, who, words, now, monthly_view(overview, words, shown=shown))
        )
        return self._mail(key, who, words, now, body, attached=[monthly_table(overview, words)])

    def alert(self, notice: AlertNotice, key: DeliveryKey) -> OutgoingMail:
        """Render an alert mail."""
        words = self._words(notice.recipient)
        body = self._body(key, notice.recipient, words, notice.now, notice_view(notice, words, self._links))
        attached = alert_table(notice, words)
        place = alert_place(notice)
        return self._mail(
            key, notice.recipient, words, notice.now, body, place=place, attached=[attached] if attached else []
        )

    def _words(self, person: Person) -> Words:
        return Words(person.language if person.language in LANGUAGES else self._language, self._zone)

    def _fitting(self, make: Callable[[int], "_Body"]) -> tuple["_Body", int]:
        """Return the body with the most items that mail programs show whole, and how many that are at most."""
        for shown in _SHOWN:
            body = make(shown)
            if len(body.html.encode()) <= _SHOWN_WHOLE:
                break
        return body, shown

    def _body(self, key: DeliveryKey, recipient: Person, words: Words, now: datetime, view: object) -> "_Body":
        common = {
            "view": view,
            "organisation": self._organisation,
            "recipient": _clean.name(recipient.name, limit=80),
            "language": words.language,
            "texts_language": self._language,
            "written": f"{words.full_day(words.local_day(now), with_year=True)} {words.clock(now)}",
            "colour": self._colour,
            "ink": ink_on(self._colour),
        }
        folder = key.kind.value
        templates = _environment(words.language, words.zone)
        subject = templates.get_template(f"{folder}/subject.txt.j2").render(common).strip()
        html = templates.get_template(f"{folder}/html.html.j2").render(common, subject=subject)
        return _Body(
            subject=subject,
            text=templates.get_template(f"{folder}/text.txt.j2").render(common).strip() + "\n",
            html=_inliner().inline(html),
        )

    def _mail(
        self,
        key: DeliveryKey,
        recipient: Person,
        words: Words,
        now: datetime,
        body: "_Body",
        *,
        place: Place | None = None,
        attached: Sequence[Attachment] = (),
    ) -> OutgoingMail:
        place = place or usual_place(key)
        letter = Letter(
            key=str(key),
            sender_name=self._sender_name,
            sender=self._sender,
            recipient_name=_clean.line(recipient.name, limit=80),
            recipient=recipient.mail,
            reply_to=self._reply_to,
            subject=body.subject,
            list_name=place.list_name,
            threads=place.threads,
            secret=self._secret,
            language=words.language,
            written_at=now.astimezone(self._zone),
            text=body.text,
            html=body.html,
            attachments=attached,
        )
        return OutgoingMail(
            key=key,
            address=recipient.mail,
            subject=body.subject,
            message=compose(letter),
            message_id=message_id(letter).strip("<>"),
            covers=place.covers,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Body:
    """What a reader sees of a mail."""

    subject: str
    text: str
    html: str


def ink_on(colour: str) -> str:
    """Return black or white, whichever is easier to read on the colour (WCAG 2.2, relative luminance).

    One of the two has a contrast of at least 4.58 to 1 on any colour: AA asks for 4.5.
    """
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return _LIGHT_INK if 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 else _DARK_INK


@lru_cache(maxsize=8)
def _environment(language: str, zone: ZoneInfo) -> Environment:
    environment = Environment(
        loader=PackageLoader("watchdaemon.mail", "templates"),
        autoescape=select_autoescape(["html.j2"], default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    words = Words(language, zone)
    environment.globals["say"] = words.say
    environment.globals["count"] = words.count
    environment.filters["sentence"] = sentence
    environment.filters["quoted"] = _quoted
    environment.filters["broken"] = _broken
    environment.filters["underlined"] = _underlined
    environment.filters["kept"] = _kept
    return environment


def _quoted(text: str) -> str:
    """Put ``> `` before each line: whoever wrote it cannot write a heading of ours."""
    return "\n".join(f"> {part}".rstrip() for part in text.split("\n"))


def _broken(text: str) -> Markup:
    """Keep a text's own line breaks in HTML; Outlook knows no ``white-space``."""
    return Markup("<br>\n").join(escape(part) for part in text.split("\n"))


def _kept(headline: str) -> str:
    """Keep a number and its word on one line: "1" at the end of a line belongs to nothing."""
    return re.sub(r"(?<=\d) ", "\u00a0", headline)


def _underlined(title: str) -> str:
    return f"{title}\n{'-' * min(len(title), 72)}"


@lru_cache(maxsize=1)
def _inliner() -> css_inline.CSSInliner:
    # without keep_at_rules the dark colours and the narrow layout would be thrown away
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
