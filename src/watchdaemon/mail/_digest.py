"""What an owner's digest says, in words: from `Digest` to strings that the templates only have to place."""

from collections.abc import Sequence
from dataclasses import dataclass

from watchdaemon.domain.digest import AccountWatch, Digest, DigestEntry, Section
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
from watchdaemon.mail._entry import EntryView, due_words, entry_view, is_kept_secret
from watchdaemon.mail._message import Attachment
from watchdaemon.mail._table import table
from watchdaemon.mail.language import N_, Words, sentence
from watchdaemon.ports import Links

_TITLES = {
    Section.OVERDUE: (N_("Overdue"), Tone.BAD),
    Section.DUE_TODAY: (N_("To be answered today"), Tone.WARN),
    Section.NEW: (N_("Waiting for an answer"), Tone.CALM),
    Section.TO_FINISH: (N_("Promised answers to finish"), Tone.WARN),
    Section.REMOVE: (N_("To be looked at for removal"), Tone.BAD),
    Section.MAYBE: (N_("Possible questions"), Tone.CALM),
}

_INTROS = {
    Section.TO_FINISH: N_("Somebody has written here that you will come back with an answer."),
    Section.MAYBE: N_("We are not sure that these want an answer. Decide for yourself."),
}

_LONG, _SHORT = _clean.TEXT_LIMIT, 400
_ROOM = 12_000
"""Characters of texts in a mail. Gmail cuts a mail at 102 kB of HTML, so with more to say each text is shortened."""

_IN_SUBJECT = 3
"""Numbers in a subject: more is no subject."""

_HEAD = (
    N_("Section"),
    N_("Account"),
    N_("Platform"),
    N_("Kind"),
    N_("Written"),
    N_("Due"),
    N_("Author"),
    N_("Text"),
    N_("Link"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionView:
    """A heading with its items."""

    title: str
    intro: str
    tone: Tone
    number: int  # of the section; fewer may be shown
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
    seen_all: str | None  # the link that says so
    to_look_at: tuple[LookView, ...]
    look_until: str
    sections: tuple[SectionView, ...]
    further: str
    has_links: bool
    has_removals: bool
    watching: tuple[WatchView, ...]


def digest_view(digest: Digest, words: Words, links: Links | None = None, *, shown: int = 40) -> DigestView:
    """Put a digest into words, with at most `shown` items; on `links` the reader says what became of one."""
    entries = digest.entries[:shown]
    limit = _text_limit(entries)
    waiting = {entry.question.item.account for entry in digest.entries}
    return DigestView(
        headline=_headline(digest, words),
        subject_accounts=_subject_accounts(digest, words),
        warning=_warning(digest, words),
        to_look_at=tuple(_look(watch, digest) for watch in digest.to_look_at),
        look_until=words.clock(digest.window.closes_at),
        seen_all=links.seen_all(digest.recipient.key, digest.window, at=digest.now) if links else None,
        sections=tuple(
            _section(section, entries, digest, words, links, limit)
            for section in Section
            if any(entry.section is section for entry in entries)
        ),
        further=_further(len(digest.entries) - shown, words),
        has_links=links is not None,
        has_removals=bool(digest.section(Section.REMOVE)),
        watching=tuple(
            _watch(watch, digest, words, has_entries=watch.account.key in waiting) for watch in digest.watched
        ),
    )


def _further(number: int, words: Words) -> str:
    if number <= 0:
        return ""
    return words.count(
        "%(number)d further item is in the attached file, which has all of them.",
        "%(number)d further items are in the attached file, which has all of them.",
        number,
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
    looks = len(digest.to_look_at)
    if looks:
        parts.append(
            words.count("%(number)d account to look at yourself", "%(number)d accounts to look at yourself", looks)
        )
    if numbers[Section.TO_FINISH]:
        parts.append(words.count("%(number)d to finish", "%(number)d to finish", numbers[Section.TO_FINISH]))
    if numbers[Section.MAYBE]:
        parts.append(
            words.count("%(number)d possible question", "%(number)d possible questions", numbers[Section.MAYBE])
        )
    if parts:
        return ", ".join(parts[:_IN_SUBJECT])
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


def _section(  # noqa: PLR0917 - which entries, and what they are put into words with
    section: Section, entries: Sequence[DigestEntry], digest: Digest, words: Words, links: Links | None, limit: int
) -> SectionView:
    title, tone = _TITLES[section]
    return SectionView(
        title=words.say(title),
        intro=words.say(_INTROS[section]) if section in _INTROS else "",
        tone=tone,
        number=len(digest.section(section)),
        entries=tuple(entry_view(e, digest, words, links, text_limit=limit) for e in entries if e.section is section),
    )


def _text_limit(entries: Sequence[DigestEntry]) -> int:
    lengths = sum(min(len(entry.shown_text or ""), _LONG) for entry in entries)
    return _LONG if lengths <= _ROOM else _SHORT


def digest_table(digest: Digest, words: Words) -> Attachment:
    """Return the file with every item."""
    name = words.say("questions")
    head = [words.say(title) for title in _HEAD]
    rows = [_cells(entry, digest, words) for entry in digest.entries]
    return table(f"{name}-{digest.window.on:%Y-%m-%d}-{digest.window.index}.csv", head, rows)


def _cells(entry: DigestEntry, digest: Digest, words: Words) -> Sequence[object]:
    item = entry.question.item
    secret = is_kept_secret(entry)
    hidden = words.say("An item that must be removed and registered. Its text is not shown here.")
    return (
        words.say(_TITLES[entry.section][0]),
        entry.account.name,
        platform_name(entry.account.platform),
        kind_name(item.kind, words),
        words.stamp(item.published_at),
        due_words(entry, digest, words),
        "" if secret else item.author,
        hidden if secret else entry.shown_text,
        item.url,
    )


def _watch(watch: AccountWatch, digest: Digest, words: Words, *, has_entries: bool) -> WatchView:
    tone, state, explanation = _state(watch, words, has_entries=has_entries)
    return WatchView(
        account=account_view(watch.account),
        tone=tone,
        state=state,
        explanation=explanation,
        others="" if has_entries else _others(watch, digest, words),  # its items have said so
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
