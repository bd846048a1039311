"""What the pages say, in words: from a look to strings that the templates only have to place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from watchdaemon.domain.account import Account
from watchdaemon.domain.question import Decision, DecisionKind, QuestionState
from watchdaemon.domain.watch import WatchEntry, WatchState
from watchdaemon.mail.shown import account_view, block, kind_name, line, link, name, platform_name, trim
from watchdaemon.rules.schedule import watch_state
from watchdaemon.services.links import Page, Purpose
from watchdaemon.services.words import LONGEST_NOTE, NEEDS_NOTE, ItemLook, WindowLook
from watchdaemon.web._words import REMOVAL_TAKEN_BACK, STATES, STILL_WAITS, WATCH_STATES, WORDINGS, PageWords, Wording

Further = Callable[[Purpose], str]
"""Makes the token of another link about the same item."""

_TEXT_LIMIT = 4_000
_ABOUT_ANSWERING = (
    DecisionKind.SEEN,
    DecisionKind.ANSWERED_ELSEWHERE,
    DecisionKind.FORWARDED,
    DecisionKind.NO_REPLY_NEEDED,
    DecisionKind.NOT_A_QUESTION,
)
_OF_REMOVAL = frozenset({DecisionKind.MUST_BE_REMOVED, DecisionKind.MAY_STAY})
_ABOUT_REMOVING = (DecisionKind.REMOVED, DecisionKind.MAY_STAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A link to another page about the same item."""

    label: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FormView:
    """The one button of a page, and what goes with it."""

    effect: str
    button: str
    proof: str
    note_label: str = ""  # "": no note is asked for
    note_is_needed: bool = False
    note: str = ""
    note_limit: int = LONGEST_NOTE
    error: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemView:
    """A page about one item."""

    title: str
    headline: str
    receipt: str  # what this link said, once it has
    notice: str
    account: str
    platform: str
    facts: tuple[tuple[str, str], ...]
    is_secret: bool
    text: str
    left_out: str
    link: str | None
    link_label: str
    bare_link: str
    history: tuple[str, ...]
    taken_back: str
    form: FormView | None
    ways_title: str
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowView:
    """The page that acknowledges a whole window."""

    title: str
    headline: str
    receipt: str
    late: str
    by_hand: tuple[str, ...]
    by_hand_says: str
    accounts: tuple[str, ...]
    form: FormView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What a form brought that could not be taken as it is, and why."""

    note: str = ""
    error: str = ""
    notice: str = ""


def item_view(look: ItemLook, words: PageWords, further: Further, entered: Entered, *, again: bool = False) -> ItemView:
    """Put a page about an item into words. `again`: the button of a link that was used before has been pressed."""
    account = account_view(look.account)
    item, verdict = look.question.item, look.question.verdict
    wording = _wording(look)
    label = words.say(wording.name) if wording else words.say("What became of it?")
    is_done = look.used_at is not None
    text, left_out = trim(block("" if verdict.triage.is_secret else item.text), _TEXT_LIMIT)
    url = link(item.url)
    return ItemView(
        title=f"{label} – {line(look.account.name, limit=80)}",
        headline=_headline(label, words, is_done=is_done, again=again),
        receipt=_receipt(look, words, again=again),
        notice=entered.notice,
        account=account.name,
        platform=account.platform,
        facts=_facts(look, words),
        is_secret=verdict.triage.is_secret,
        text=text,
        left_out=_left_out(left_out, words),
        link=url,
        link_label=words.say("Open on %(platform)s", platform=account.platform),
        bare_link="" if url else line(item.url, limit=200),
        history=_history(look, words),
        taken_back=_taken_back(look, words),
        form=None if is_done or wording is None else _form(look, wording, words, entered),
        ways_title=words.say("What became of it?") if look.kind is None else words.say("Something else?"),
        ways=_ways(look, words, further),
    )


def window_view(look: WindowLook, words: PageWords, *, again: bool = False) -> WindowView:
    """Put the page of a whole window into words."""
    span = words.span(look.window.opens_at, look.window.closes_at)
    what = f"{words.day(look.window.on, words.local_day(look.now))} {span}"
    title = words.say("Seen all")
    by_hand = [a for a, e in look.accounts if e is not None and e.is_by_hand]
    is_done = look.used_at is not None
    receipt = "" if look.used_at is None else _when_said(look.used_at, look.now, words, again=again)
    button = words.say("I have looked, and seen it all") if by_hand else words.say("I have seen it all")
    return WindowView(
        title=title,
        headline=f"{title}: {what}",
        receipt=receipt,
        late=_late(look, words, is_by_hand=bool(by_hand)),
        by_hand=tuple(_called(a) for a in by_hand),
        by_hand_says=words.say("No program can read these accounts. You say that you have looked at them yourself:"),
        accounts=tuple(f"{_called(a)}: {_watched(e, look, words)}" for a, e in look.accounts),
        form=None
        if is_done
        else FormView(
            effect=words.say("It is written down that you have seen how these accounts stand and what waits on them."),
            button=button,
            proof=look.ticket.proof,
        ),
    )


def _called(account: Account) -> str:
    view = account_view(account)
    return f"{view.name} ({view.platform})"


def _watched(entry: WatchEntry | None, look: WindowLook, words: PageWords) -> str:
    state = watch_state(entry, look.window, look.now)
    if entry is not None and entry.is_by_hand and state is WatchState.PENDING:
        return words.say("waits for somebody to look")
    return words.say(WATCH_STATES[state])


def _wording(look: ItemLook) -> Wording | None:
    if look.kind is None:
        return None
    if look.kind is DecisionKind.REOPENED and look.standing is None and look.used_at is None:
        return STILL_WAITS
    is_of_removal = look.standing is not None and look.standing.kind in _OF_REMOVAL
    if look.kind is DecisionKind.REOPENED and is_of_removal and look.used_at is None:
        return REMOVAL_TAKEN_BACK
    return WORDINGS[look.kind]


def _headline(label: str, words: PageWords, *, is_done: bool, again: bool) -> str:
    if again:
        return words.say("Already recorded: %(word)s", word=label)
    return words.say("Recorded: %(word)s", word=label) if is_done else label


def _receipt(look: ItemLook, words: PageWords, *, again: bool) -> str:
    return "" if look.used_at is None else _when_said(look.used_at, look.now, words, again=again)


def _when_said(at: datetime, now: datetime, words: PageWords, *, again: bool) -> str:
    when = words.moment(at, now)
    if again:
        return words.say("Already recorded by you %(when)s. Nothing was changed now.", when=when)
    return words.say("Recorded by you %(when)s.", when=when)


def _facts(look: ItemLook, words: PageWords) -> tuple[tuple[str, str], ...]:
    item, verdict = look.question.item, look.question.verdict
    author = "" if verdict.triage.is_secret else name(item.author) or words.say("unknown sender")
    about = words.say("written %(when)s", when=words.moment(item.published_at, look.now))
    state = words.say(STATES[look.question.shown_state(look.now)])
    if verdict.needs_removal and verdict.state not in {QuestionState.REMOVED, QuestionState.GONE}:
        state = words.say("%(state)s; listed for removal", state=state)
    is_open = verdict.state is QuestionState.OPEN
    facts = [
        (words.say("From"), author),
        (words.say("What"), f"{kind_name(item.kind, words)}, {about}"),
        (words.say("Now"), state),
        (words.say("Answer due"), words.moment(verdict.due_at, look.now) if verdict.due_at and is_open else ""),
        (words.say("Promised by"), words.moment(verdict.finish_due_at, look.now) if verdict.finish_due_at else ""),
        (words.say("Answered"), words.moment(verdict.answered_at, look.now) if verdict.answered_at else ""),
    ]
    return tuple((label, value) for label, value in facts if value)


def _history(look: ItemLook, words: PageWords) -> tuple[str, ...]:
    """Tell what was said and what happened by itself, oldest first."""
    told = [(d.at, _said(d, look, words)) for d in look.decisions]
    state: QuestionState | None = QuestionState.OPEN  # that it waited at first is no news
    for step in look.steps:
        is_word = step.by is not None and step.by.startswith("person:")  # told above, with its note
        if step.state is not state and step.state is not None and not is_word:
            when = words.moment(step.at, look.now)
            told.append((step.at, words.say("%(state)s %(when)s", state=words.say(STATES[step.state]), when=when)))
        state = step.state
    return tuple(text for _, text in sorted(told, key=lambda t: t[0]))


def _said(decision: Decision, look: ItemLook, words: PageWords) -> str:
    who = name(look.names.get(decision.by) or decision.by, limit=80)
    when = words.moment(decision.at, look.now)
    said = words.say("Taken back") if decision.kind is DecisionKind.REOPENED else _named(decision.kind, words)
    told = words.say("%(word)s, said by %(name)s %(when)s", word=said, name=who, when=when)
    note = name(decision.note, limit=LONGEST_NOTE)
    return f"{told}: {note}" if note else told


def _named(kind: DecisionKind, words: PageWords) -> str:
    return words.say(WORDINGS[kind].name)


def _taken_back(look: ItemLook, words: PageWords) -> str:
    """Say what the button would take back; "" on every other page."""
    if look.kind is not DecisionKind.REOPENED or look.used_at is not None or look.standing is None:
        return ""
    return _said(look.standing, look, words)


def _form(look: ItemLook, wording: Wording, words: PageWords, entered: Entered) -> FormView:
    effect = words.say(wording.effect)
    if "%(platform)s" in effect:
        effect %= {"platform": platform_name(look.account.platform)}
    return FormView(
        effect=effect,
        button=words.say(wording.button),
        proof=look.ticket.proof,
        note_label=words.say(wording.note),
        note_is_needed=look.kind in NEEDS_NOTE,
        note=block(entered.note),
        error=entered.error,
        about=look.about,
    )


def _ways(look: ItemLook, words: PageWords, further: Further) -> tuple[Way, ...]:
    """Lead on: from the item's page to every word, from a receipt to taking it back, from everywhere to the rest."""
    if look.kind is None:
        return tuple(Way(label=_way_label(kind, look, words), token=further(kind)) for kind in _offered(look))
    ways = []
    if look.used_at is not None and look.kind is not DecisionKind.REOPENED and look.standing is not None:
        ways.append(Way(label=words.say("Take it back"), token=further(DecisionKind.REOPENED)))
    ways.append(Way(label=words.say("Say something else of it"), token=further(Page.ITEM)))
    return tuple(ways)


def _way_label(kind: DecisionKind, look: ItemLook, words: PageWords) -> str:
    is_bare = kind is DecisionKind.REOPENED and look.standing is None
    return words.say(STILL_WAITS.name) if is_bare else _named(kind, words)


def _offered(look: ItemLook) -> Sequence[DecisionKind]:
    """Return the words that make sense of the item as it stands."""
    verdict = look.question.verdict
    is_listed = verdict.needs_removal and verdict.state not in {QuestionState.REMOVED, QuestionState.GONE}
    answering = _ABOUT_ANSWERING if verdict.state is QuestionState.OPEN else (DecisionKind.SEEN,)
    removing = _ABOUT_REMOVING if is_listed else (DecisionKind.MUST_BE_REMOVED,)
    can_wait = look.standing is not None or verdict.state is not QuestionState.OPEN
    return [*(removing if is_listed else ()), *answering, *(() if is_listed else removing)] + (
        [DecisionKind.REOPENED] if can_wait else []
    )


def _left_out(number: int, words: PageWords) -> str:
    if not number:
        return ""
    return words.count(
        "The text goes on for %(number)d more character.", "The text goes on for %(number)d more characters.", number
    )


def _late(look: WindowLook, words: PageWords, *, is_by_hand: bool) -> str:
    at = look.used_at or look.now
    if at < look.window.closes_at:
        return ""
    closed = words.moment(look.window.closes_at, look.now)
    kept = words.say("The window closed %(when)s. What you say is kept as an acknowledgement.", when=closed)
    if not is_by_hand:
        return kept
    too_late = words.say("It is too late to watch the accounts that only a person can: they stay not watched.")
    return f"{kept} {too_late}"
