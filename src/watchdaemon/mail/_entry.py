"""One item of a digest in words: what was written, what is asked of the reader, and links to say what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from watchdaemon.domain.digest import Digest, DigestEntry, Section
from watchdaemon.domain.item import Item
from watchdaemon.domain.question import DecisionKind
from watchdaemon.mail import _clean
from watchdaemon.mail._common import AccountView, account_view, kind_name, person_names, platform_name
from watchdaemon.mail.language import N_, Words, sentence
from watchdaemon.ports import Links

# The classes that triage gives. One it should add without a translation here is left out rather than shown in English.
_REMOVAL_REASONS = (
    N_("personal number"),
    N_("threat"),
    N_("terrorism"),
    N_("incitement"),
    N_("child abuse"),
    N_("hate"),
    N_("abuse"),
    N_("sexual"),
    N_("spam link"),
    N_("private matter"),
)

_WORDS = {
    DecisionKind.ANSWERED_ELSEWHERE: N_("Answered elsewhere"),
    DecisionKind.NO_REPLY_NEEDED: N_("No reply needed"),
    DecisionKind.NOT_A_QUESTION: N_("Not a question"),
    DecisionKind.REMOVED: N_("Was removed"),
    DecisionKind.MAY_STAY: N_("May stay"),
}

_OFFERED: dict[Section, tuple[DecisionKind, ...]] = {
    Section.TO_FINISH: (DecisionKind.ANSWERED_ELSEWHERE,),
    Section.REMOVE: (DecisionKind.REMOVED, DecisionKind.MAY_STAY),
    Section.MAYBE: (DecisionKind.NOT_A_QUESTION, DecisionKind.NO_REPLY_NEEDED),
}
"""The words offered under an item: the likeliest ones alone. Every word is on the item's page."""

_USUAL = (DecisionKind.ANSWERED_ELSEWHERE, DecisionKind.NO_REPLY_NEEDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionView:
    """A signed link with what it says."""

    label: str
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """One item. `text` is "" when it has none or must not be shown; `is_secret` tells which."""

    account: AccountView
    author: str
    about: str  # what it is and when it was written
    since: str  # how long it has waited, and who else is told of it
    due: str
    removal: str
    warning: str  # somebody answered with a profile that nobody knows
    is_new: bool
    is_secret: bool
    text: str
    left_out: str
    link: str | None
    link_label: str
    bare_link: str  # an address that is no web link, to be shown as text
    actions: tuple[ActionView, ...]  # () when no links are served
    page: ActionView | None  # the item's page, with every word


def entry_view(entry: DigestEntry, digest: Digest, words: Words, links: Links | None, *, text_limit: int) -> EntryView:
    """Put an item into words; of its text at most about `text_limit` characters."""
    item, verdict = entry.question.item, entry.question.verdict
    is_secret = is_kept_secret(entry)
    text, left_out = _clean.trim(_clean.block("" if is_secret else entry.shown_text or ""), text_limit)
    link = _clean.link(item.url)
    return EntryView(
        account=account_view(entry.account),
        author="" if is_secret else _clean.name(item.author) or words.say("unknown sender"),
        about=_about(item, digest, words),
        since=" · ".join(filter(None, (_age(item, digest, words), _others(entry, digest, words)))),
        due=due_words(entry, digest, words),
        removal=_removal(entry, words) if entry.section is Section.REMOVE else "",
        warning=words.say(
            "Somebody seems to have answered for you with a profile that is not registered. Answers are given with the "
            "account's own profile."
        )
        if verdict.unregistered_reply
        else "",
        is_new=entry.is_news,
        is_secret=is_secret,
        text=text,
        left_out=words.count(
            "The text goes on for %(number)d more character.",
            "The text goes on for %(number)d more characters.",
            left_out,
        )
        if left_out
        else "",
        link=link,
        link_label=words.say("Open on %(platform)s", platform=platform_name(entry.account.platform)),
        bare_link="" if link else _clean.line(item.url, limit=200),
        actions=_actions(entry, digest, words, links),
        page=_page(entry, digest, words, links),
    )


def is_kept_secret(entry: DigestEntry) -> bool:
    """Tell whether neither text nor author may be shown; either sign is enough: shown once cannot be taken back."""
    return entry.shown_text is None or entry.question.verdict.triage.is_secret


def due_words(entry: DigestEntry, digest: Digest, words: Words) -> str:
    """Return when the item is due, as a sentence; "" when it has no time."""
    verdict = entry.question.verdict
    due_at = verdict.finish_due_at if entry.section is Section.TO_FINISH else verdict.due_at
    return sentence(words.due(due_at, digest.now)) if due_at else ""


def _about(item: Item, digest: Digest, words: Words) -> str:
    written = words.say("written %(when)s", when=words.moment(item.published_at, digest.now))
    parts = [kind_name(item.kind, words), written]
    if item.edited_at is not None:
        parts.append(words.say("edited %(when)s", when=words.moment(item.edited_at, digest.now)))
    return " · ".join(parts)


def _age(item: Item, digest: Digest, words: Words) -> str:
    days = (words.local_day(digest.now) - words.local_day(item.published_at)).days
    return words.count("%(number)d day old", "%(number)d days old", days) if days > 1 else ""


def _others(entry: DigestEntry, digest: Digest, words: Words) -> str:
    readers = next((w.readers for w in digest.watched if w.account.key == entry.account.key), ())
    if not readers:
        return ""
    others = person_names([p for p in readers if p.key != digest.recipient.key])
    if not others:
        return words.say("Only you are told of it.")
    return words.say("Also told: %(names)s", names=words.together(others))


def _removal(entry: DigestEntry, words: Words) -> str:
    verdict = entry.question.verdict
    if is_kept_secret(entry) and not verdict.triage.removal_reason:
        return words.say("Must be removed")
    if verdict.removal_word:
        return words.say("Must be removed, as one of you has said")
    known = verdict.triage.removal_reason
    reason = words.say(known) if known in _REMOVAL_REASONS else ""
    return sentence(words.say("possible reason: %(reason)s", reason=reason)) if reason else ""


def _actions(entry: DigestEntry, digest: Digest, words: Words, links: Links | None) -> tuple[ActionView, ...]:
    if links is None:
        return ()
    kinds: Sequence[DecisionKind] = _OFFERED.get(entry.section, _USUAL)
    if is_kept_secret(entry):  # whatever else is said of it, it must go
        kinds = [kind for kind in kinds if kind is not DecisionKind.MAY_STAY]
    account, external_id = entry.question.item.key
    return tuple(
        ActionView(
            label=words.say(_WORDS[kind]),
            link=links.word(digest.recipient.key, account, external_id, kind, at=digest.now),
        )
        for kind in kinds
    )


def _page(entry: DigestEntry, digest: Digest, words: Words, links: Links | None) -> ActionView | None:
    if links is None:
        return None
    account, external_id = entry.question.item.key
    return ActionView(
        label=words.say("More choices"), link=links.item(digest.recipient.key, account, external_id, at=digest.now)
    )
