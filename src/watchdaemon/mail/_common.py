"""What the three mails share: names of things, how watching stands, and tones."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from watchdaemon.domain.account import Account, Person
from watchdaemon.domain.item import ItemKind
from watchdaemon.errors import Reason
from watchdaemon.mail import _clean
from watchdaemon.mail.language import N_, Words
from watchdaemon.mail.reasons import EXPLANATIONS

_PLATFORMS = {
    "facebook": "Facebook",
    "google_reviews": "Google",
    "instagram": "Instagram",
    "linkedin": "LinkedIn",
    "threads": "Threads",
    "tiktok": "TikTok",
    "x": "X",
    "youtube": "YouTube",
}

_KINDS = {
    ItemKind.POST: N_("Post"),
    ItemKind.COMMENT: N_("Comment"),
    ItemKind.VISITOR_POST: N_("Visitor's post"),
    ItemKind.MENTION: N_("Mention"),
    ItemKind.QUOTE: N_("Quote"),
    ItemKind.MESSAGE: N_("Direct message"),
    ItemKind.REVIEW: N_("Review"),
}


class Tone(StrEnum):
    """How serious a thing is; the templates give each a colour and the words never depend on it."""

    BAD = "bad"
    WARN = "warn"
    CALM = "calm"
    GOOD = "good"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """An account as it is named in a mail. `link` is None when its address is not a web link."""

    name: str
    platform: str
    link: str | None


def account_view(account: Account) -> AccountView:
    """Name an account."""
    return AccountView(
        name=_clean.name(account.name) or _clean.name(account.key),
        platform=platform_name(account.platform),
        link=_clean.link(account.link),
    )


def platform_name(platform: str) -> str:
    """Return a platform's name as it writes it itself; an unknown plug-in's with a large first letter."""
    return _PLATFORMS.get(platform) or _clean.name(platform, limit=40).capitalize()


def kind_name(kind: ItemKind, words: Words) -> str:
    """Return what an item is, in words."""
    return words.say(_KINDS[kind])


def why(reason: Reason | None, words: Words) -> str:
    """Return why something was not watched, in words; "" when no reason is known."""
    return words.say(EXPLANATIONS[reason].why) if reason is not None else ""


def person_names(persons: Sequence[Person]) -> list[str]:
    """Return the persons' names, safe to stand in a sentence."""
    return [_clean.name(person.name, limit=80) or _clean.name(person.key, limit=80) for person in persons]


def accounts_in_subject(accounts: Sequence[Account], words: Words) -> str:
    """Name the accounts a mail is about in a few words: one by its name, several by the first and their number."""
    distinct = list({account.key: account for account in accounts}.values())
    if not distinct:
        return ""
    first = _clean.name(distinct[0].name, limit=60) or _clean.name(distinct[0].key, limit=60)
    others = len(distinct) - 1
    if not others:
        return first
    return words.count("%(first)s and %(number)d more", "%(first)s and %(number)d more", others, first=first)
