"""What an owner's digest says, in words: from `Digest` to strings that the templates only have to place."""

from collections.abc import Sequence
from dataclasses import dataclass

from watchdaemon.domain.digest import AccountWatch, Digest, DigestEntry, Section
from watchdaemon.domain.item import Item
from watchdaemon.domain.watch import WatchState
from watchdaemon.errors import Reason
from watchdaemon.mail import _clean
from watchdaemon.mail._common import (
    AccountView,
    Tone,
    account_view,
    accounts_in_subject,
    kind_name,
    person_names,
    platform_name,
    why,
)
from watchdaemon.mail.language import N_, Words, sentence

_TITLES = {
    Section.OVERDUE: (N_("Overdue"), Tone.BAD),
    Section.DUE_TODAY: (N_("To be answered today"), Tone.WARN),
    Section.NEW: (N_("Waiting for an answer"), Tone.CALM),
    Section.TO_FINISH: (N_("Promised an answer, still to be finished"), Tone.WARN),
    Section.REMOVE: (N_("To be looked at for removal"), Tone.BAD),
    Section.MAYBE: (N_("Perhaps a question"), Tone.CALM),
}

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


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """One item. `text` is "" when it has none or must not be shown; `is_secret` tells which."""

    account: AccountView
    author: str
    about: str  # what it is and when it was written
    due: str
    removal: str
    is_new: bool
    is_secret: bool
    text: str
    left_out: str
    link: str | None
    link_label: str
    bare_link: str  # an address that is no web link, to be shown as text


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionView:
    """A heading with its items."""

    title: str
    tone: Tone
    entries: tuple[EntryView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookView:
    """An account that somebody must look at, and how that is confirmed."""

    account: AccountView
    tone: Tone
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchView:
    """How one account's watching stands, and who else is told of it."""

    account: AccountView
    tone: Tone
    state: str
    explanation: str
    others: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestView:
    """The whole digest in words."""

    headline: str
    subject_accounts: str
    warning: str
    to_look_at: tuple[LookView, ...]
    look_until: str
    sections: tuple[SectionView, ...]
    has_removals: bool
    watching: tuple[WatchView, ...]


def digest_view(digest: Digest, words: Words) -> DigestView:
    """Put a digest into words."""
    waiting = {entry.question.item.account for entry in digest.entries}
    return DigestView(
        headline=_headline(digest, words),
        subject_accounts=_subject_accounts(digest, words),
        warning=_warning(digest, words),
        to_look_at=tuple(_look(watch, digest) for watch in digest.to_look_at),
        look_until=words.clock(digest.window.closes_at),
        sections=tuple(_section(section, digest, words) for section in Section if digest.section(section)),
        has_removals=bool(digest.section(Section.REMOVE)),
        watching=tuple(
            _watch(watch, digest, words, has_entries=watch.account.key in waiting) for watch in digest.watched
        ),
    )


def _headline(digest: Digest, words: Words) -> str:
    numbers = {section: len(digest.section(section)) for section in Section}
    waiting = numbers[Section.OVERDUE] + numbers[Section.DUE_TODAY] + numbers[Section.NEW]
    parts = []
    if waiting:
        parts.append(words.count("%(number)d question waiting", "%(number)d questions waiting", waiting))
    if numbers[Section.OVERDUE]:
        parts.append(words.count("%(number)d overdue", "%(number)d overdue", numbers[Section.OVERDUE]))
    elif numbers[Section.DUE_TODAY]:
        parts.append(words.count("%(number)d due today", "%(number)d due today", numbers[Section.DUE_TODAY]))
    if numbers[Section.REMOVE]:
        parts.append(words.count("%(number)d to remove", "%(number)d to remove", numbers[Section.REMOVE]))
    if numbers[Section.TO_FINISH]:
        parts.append(words.count("%(number)d to finish", "%(number)d to finish", numbers[Section.TO_FINISH]))
    if numbers[Section.MAYBE]:
        parts.append(
            words.count("%(number)d perhaps a question", "%(number)d perhaps questions", numbers[Section.MAYBE])
        )
    looks = len(digest.to_look_at)
    if looks:
        parts.append(
            words.count("%(number)d account to look at yourself", "%(number)d accounts to look at yourself", looks)
        )
    if parts:
        return ", ".join(parts)
    # Nothing waits that we know of: that is only good news for accounts that were read to the end.
    return _warning(digest, words) or words.say("No questions waiting")


def _subject_accounts(digest: Digest, words: Words) -> str:
    unseen: Sequence[AccountWatch]
    if digest.entries:
        return accounts_in_subject([entry.account for entry in digest.entries], words)
    unseen = digest.to_look_at or _not_fully_watched(digest)
    return accounts_in_subject([watch.account for watch in unseen or digest.watched], words)


def _not_fully_watched(digest: Digest) -> list[AccountWatch]:
    """Return what we could not watch; what waits for a person's look is asked for in a section of its own."""
    return [w for w in digest.watched if w.state is not WatchState.WATCHED and not w.waits_for_person]


def _warning(digest: Digest, words: Words) -> str:
    number = len(_not_fully_watched(digest))
    if not number:
        return ""
    return words.count("%(number)d account not fully watched", "%(number)d accounts not fully watched", number)


def _look(watch: AccountWatch, digest: Digest) -> LookView:
    key, person = (_clean.line(text, limit=80) for text in (watch.account.key, digest.recipient.key))
    return LookView(
        account=account_view(watch.account), tone=Tone.WARN, command=f"watchdaemon seen {key} --by {person}"
    )


def _section(section: Section, digest: Digest, words: Words) -> SectionView:
    title, tone = _TITLES[section]
    entries = tuple(_entry(entry, digest, words) for entry in digest.section(section))
    return SectionView(title=words.say(title), tone=tone, entries=entries)


def _entry(entry: DigestEntry, digest: Digest, words: Words) -> EntryView:
    item, verdict = entry.question.item, entry.question.verdict
    # Either sign is enough: a secret shown once cannot be taken back.
    is_secret = entry.shown_text is None or verdict.triage.is_secret
    text, left_out = _clean.trim(_clean.block("" if is_secret else entry.shown_text or ""))
    link = _clean.link(item.url)
    due_at = verdict.finish_due_at if entry.section is Section.TO_FINISH else verdict.due_at
    return EntryView(
        account=account_view(entry.account),
        author="" if is_secret else _clean.name(item.author) or words.say("unknown sender"),
        about=_about(item, digest, words),
        due=sentence(words.due(due_at, digest.now)) if due_at else "",
        removal=_removal(entry, words) if entry.section is Section.REMOVE else "",
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
    )


def _about(item: Item, digest: Digest, words: Words) -> str:
    parts = [
        kind_name(item.kind, words),
        words.say("written %(when)s", when=words.moment(item.published_at, digest.now)),
    ]
    if item.edited_at is not None:
        parts.append(words.say("edited %(when)s", when=words.moment(item.edited_at, digest.now)))
    return " · ".join(parts)


def _removal(entry: DigestEntry, words: Words) -> str:
    known = entry.question.verdict.triage.removal_reason
    reason = words.say(known) if known in _REMOVAL_REASONS else ""
    return sentence(words.say("possible reason: %(reason)s", reason=reason)) if reason else ""


def _watch(watch: AccountWatch, digest: Digest, words: Words, *, has_entries: bool) -> WatchView:
    tone, state, explanation = _state(watch, words, has_entries=has_entries)
    return WatchView(
        account=account_view(watch.account),
        tone=tone,
        state=state,
        explanation=explanation,
        others=_others(watch, digest, words),
    )


def _state(watch: AccountWatch, words: Words, *, has_entries: bool) -> tuple[Tone, str, str]:
    reason = why(watch.reason, words)
    match watch.state:
        case WatchState.WATCHED if watch.reason is Reason.NOT_CONFIRMED:
            return Tone.GOOD, words.say("Watched by a person"), words.say("Somebody has looked and confirmed it.")
        case WatchState.WATCHED:
            return Tone.GOOD, words.say("Watched"), "" if has_entries else words.say("Nothing is waiting.")
        case WatchState.PARTLY:
            unseen = words.say("There may be more than what is shown here.")
            return Tone.WARN, words.say("Partly watched"), _sentences(reason, unseen)
        case WatchState.NOT_WATCHED:
            unseen = words.say("What may have been written there is not known: look at the account yourself.")
            return Tone.BAD, words.say("Not watched"), _sentences(reason, unseen)
        case WatchState.PENDING if watch.waits_for_person:
            return Tone.WARN, words.say("Waits for a person"), words.say("Nobody has confirmed a look yet.")
        case WatchState.PENDING:
            return (
                Tone.WARN,
                words.say("Not fetched yet"),
                words.say("What may have been written there is not known yet."),
            )


def _sentences(reason: str, unseen: str) -> str:
    return f"{sentence(reason)}. {unseen}" if reason else unseen


def _others(watch: AccountWatch, digest: Digest, words: Words) -> str:
    others: Sequence[str] = person_names([p for p in watch.readers if p.key != digest.recipient.key])
    if not watch.readers:
        return ""
    if not others:
        return words.say("Nobody else gets this account's mail.")
    return words.say("Also told: %(names)s", names=words.together(list(others)))
