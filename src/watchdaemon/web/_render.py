"""From views to HTML, and the headers that keep a page what it is: no script, no frame, no trace."""

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from watchdaemon.mail.language import LANGUAGES
from watchdaemon.mail.render import ink_on
from watchdaemon.web._views import ItemView, WindowView
from watchdaemon.web._words import REGRETS, PageWords


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A regret in one language."""

    language: str
    title: str
    steps: str


class PageRenderer:
    """Makes pages in the look of one organisation. Safe between threads."""

    def __init__(self, *, organisation: str, zone: ZoneInfo, language: str, colour: str) -> None:
        self._organisation = organisation
        self._zone = zone
        self._language = language
        style = _environment().get_template("style.css.j2").render(colour=colour, ink=ink_on(colour))
        self._style = Markup(style.strip())  # noqa: S704 - ours, and a colour that the settings hold to #rrggbb
        self.headers = (*_HEADERS, ("Content-Security-Policy", _policy(self._style)))
        self._words = cache(lambda chosen: PageWords(chosen, zone))

    def words(self, language: str) -> PageWords:
        """Return the words of a person's language, or of the organisation's."""
        return self._words(language if language in LANGUAGES else self._language)

    def item(self, view: ItemView, words: PageWords) -> str:
        """Return a page about one item."""
        return self._page("item.html.j2", words, view=view)

    def window(self, view: WindowView, words: PageWords) -> str:
        """Return the page of a whole window."""
        return self._page("window.html.j2", words, view=view)

    def regret(self, which: str) -> tuple[int, str]:
        """Return status and page of something that is not done, in every language: nobody knows who reads it."""
        regret = REGRETS[which]
        languages = sorted(LANGUAGES, key=lambda language: language != self._language)
        told = [
            Told(language=language, title=words.say(regret.title), steps=words.say(regret.steps))
            for language in languages
            for words in (self.words(language),)
        ]
        return regret.status, self._page("regret.html.j2", self.words(self._language), regrets=told)

    def _page(self, template: str, words: PageWords, **values: object) -> str:
        return (
            _environment()
            .get_template(template)
            .render(
                say=words.say,
                language=words.language,
                texts_language=self._language,
                organisation=self._organisation,
                style=self._style,
                **values,
            )
        )


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("watchdaemon.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


_HEADERS = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("X-Robots-Tag", "noindex, nofollow, noarchive"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
)


def _policy(style: str) -> str:
    """Return the content security policy: nothing but our own one style sheet, and forms to ourselves."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
