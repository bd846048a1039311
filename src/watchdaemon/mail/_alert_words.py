"""Each kind of alert in words: what it is called, what its number counts, what to do, and how it ends."""

from collections.abc import Callable
from dataclasses import dataclass

from watchdaemon.domain.alert import AlertKind
from watchdaemon.mail._common import Tone
from watchdaemon.mail.language import N_, Words

BY_HAND = N_("Until it is over: look at the account yourself, at least twice each working day.")
_OPERATOR = N_("Tell those who run the watching service; they need to look at it.")
_ACCESS_INTRO = N_("our access to accounts that you answer for must be renewed, or they cannot be watched.")
_ACCESS_OVER = N_("our access to accounts that you answer for is in order again.")
_WATCH_INTRO = N_(
    "something keeps accounts that you answer for from being watched. What is written there meanwhile may go unseen."
)
_WATCH_OVER = N_("what kept accounts that you answer for from being watched is over.")


@dataclass(frozen=True, slots=True, kw_only=True)
class KindWords:
    """One kind's words. `headline` has the number that matters; `why` says what is wrong ("" where a reason does)."""

    title: str
    tone: Tone
    headline: Callable[[Words, int], str]
    over: str  # the headline when it is over
    intro: str
    intro_over: str
    why: str = ""
    ended: str = ""  # what is said of it when it is over
    steps: tuple[str, ...] = ()


KIND_WORDS: dict[AlertKind, KindWords] = {
    AlertKind.SECRET: KindWords(
        title=N_("Must be removed and registered"),
        tone=Tone.BAD,
        headline=lambda words, number: words.count(
            "%(number)d item with sensitive data must be removed",
            "%(number)d items with sensitive data must be removed",
            number,
        ),
        over=N_("Sensitive data dealt with"),
        intro=N_("somebody has written sensitive data for all to see, at an account that you answer for."),
        intro_over=N_("items with sensitive data at accounts that you answer for have been dealt with."),
        why=N_("It seems to hold data that must not be public. Its text is not shown here."),
        ended=N_("It has been removed, or a person has said that it may stay."),
        steps=(
            N_("Open the item by its link, save it for the diary (a picture of the screen is enough), and remove it."),
            N_("Register it in the diary: a message with secret data is an official document also when removed."),
            N_("Do not answer with the data in your text. If the person needs help, offer another way to reach you."),
        ),
    ),
    AlertKind.REMOVAL: KindWords(
        title=N_("To be looked at for removal"),
        tone=Tone.BAD,
        headline=lambda words, number: words.count(
            "%(number)d item to look at for removal", "%(number)d items to look at for removal", number
        ),
        over=N_("Items looked at for removal"),
        intro=N_(
            "something that may have no place at an account that you answer for waits for a person to look at it."
        ),
        intro_over=N_("what had to be looked at for removal has been dealt with."),
        why=N_("It may be a threat, or something else that has to be removed."),
        ended=N_("It has been removed, or a person has said that it may stay."),
        steps=(
            N_("Open the item and decide: remove or hide it, or say that it may stay."),
            N_("A threat: save it first, and follow the organisation's routine for threats."),
        ),
    ),
    AlertKind.NOT_WATCHED: KindWords(
        title=N_("Not watched"),
        tone=Tone.BAD,
        headline=lambda words, number: words.count(
            "%(number)d account not watched", "%(number)d accounts not watched", number
        ),
        over=N_("Watched again"),
        intro=_WATCH_INTRO,
        intro_over=_WATCH_OVER,
        steps=(BY_HAND,),
    ),
    AlertKind.PARTLY_WATCHED: KindWords(
        title=N_("Only partly watched"),
        tone=Tone.WARN,
        headline=lambda words, number: words.count(
            "%(number)d account only partly watched", "%(number)d accounts only partly watched", number
        ),
        over=N_("Watched again"),
        intro=_WATCH_INTRO,
        intro_over=_WATCH_OVER,
        steps=(BY_HAND,),
    ),
    AlertKind.DAEMON_LATE: KindWords(
        title=N_("The watching service is late"),
        tone=Tone.BAD,
        headline=lambda words, number: (
            words.count("%(number)d account not fetched in time", "%(number)d accounts not fetched in time", number)
            if number
            else words.say("The watching service stood still")
        ),
        over=N_("Watched again"),
        intro=N_("the watching service itself was late, so accounts were not fetched when they should have been."),
        intro_over=_WATCH_OVER,
        why=N_("No fetch was made in a window in which the accounts must be watched."),
        ended=N_("The accounts have been fetched since."),
        steps=(_OPERATOR, N_("Look at the accounts yourself if you have not heard that they are watched again.")),
    ),
    AlertKind.CREDENTIAL_DEAD: KindWords(
        title=N_("Access has ended"),
        tone=Tone.BAD,
        headline=lambda words, number: words.count(
            "Access to %(number)d account has ended", "Access to %(number)d accounts has ended", number
        ),
        over=N_("Access renewed"),
        intro=_ACCESS_INTRO,
        intro_over=_ACCESS_OVER,
        steps=(BY_HAND,),
    ),
    AlertKind.QUESTION_OVERDUE: KindWords(
        title=N_("Overdue questions"),
        tone=Tone.BAD,
        headline=lambda words, number: words.count(
            "%(number)d question overdue", "%(number)d questions overdue", number
        ),
        over=N_("Overdue questions answered"),
        intro=N_("questions have waited longer than to the next working day. Their owners have them in their digests."),
        intro_over=N_("the overdue questions that you were told of wait no more."),
        why=N_("Not answered by the end of the next working day."),
        ended=N_("They were answered, or a person has said what became of them."),
        steps=(
            N_("Ask the owners of the account whether they need help, or time, to answer."),
            N_("An answer on the platform by the account itself is seen at the next fetch."),
        ),
    ),
    AlertKind.CREDENTIAL_EXPIRING: KindWords(
        title=N_("Access ends soon"),
        tone=Tone.WARN,
        headline=lambda words, number: words.count(
            "Access to %(number)d account ends soon", "Access to %(number)d accounts ends soon", number
        ),
        over=N_("Access renewed"),
        intro=_ACCESS_INTRO,
        intro_over=_ACCESS_OVER,
        ended=N_("The access is renewed."),
        steps=(
            N_("Ask somebody who administers the account on the platform to approve the access again before then."),
            N_("Those who run the watching service begin it with the command watchdaemon auth."),
        ),
    ),
    AlertKind.MAIL_UNDELIVERABLE: KindWords(
        title=N_("Mail does not arrive"),
        tone=Tone.WARN,
        headline=lambda words, number: words.count(
            "Mail to %(number)d person does not arrive", "Mail to %(number)d persons does not arrive", number
        ),
        over=N_("Mail arrives again"),
        intro=N_("mail to somebody who answers for accounts comes back, so they are told of nothing."),
        intro_over=N_("mail that came back arrives again, or goes to another address."),
        ended=N_("Mail arrives again."),
        steps=(
            N_("Correct the address in the register, or name somebody else who answers for the account."),
            N_("Until then: see to it that somebody else looks after the accounts."),
        ),
    ),
    AlertKind.TOO_FEW_OWNERS: KindWords(
        title=N_("Too few people"),
        tone=Tone.WARN,
        headline=lambda words, number: words.count(
            "%(number)d account with too few people", "%(number)d accounts with too few people", number
        ),
        over=N_("Enough people again"),
        intro=N_("accounts that you answer for have fewer than two people who are told of what is written there."),
        intro_over=N_("accounts that you answer for have enough people again."),
        why=N_("Each account needs at least two people who answer for it and are at work."),
        ended=N_("There are enough people again."),
        steps=(N_("Name one more owner or a substitute for the account, and have the register changed."),),
    ),
    AlertKind.QUOTA: KindWords(
        title=N_("A quota runs out"),
        tone=Tone.WARN,
        headline=lambda words, number: words.count(
            "A quota runs out: %(number)d account concerned", "A quota runs out: %(number)d accounts concerned", number
        ),
        over=N_("The quota is enough again"),
        intro=N_("a platform allows so many requests, and they will not be enough as things go on."),
        intro_over=N_("a quota that was running out is enough again."),
        why=N_("At the present rate the quota is used up before it is renewed; then nothing can be fetched."),
        ended=N_("The quota is enough again."),
        steps=(
            N_("Ask those who run the watching service to apply for a higher quota, or to set a higher limit."),
            N_("The command watchdaemon quota shows how each quota is used."),
        ),
    ),
    AlertKind.STALE: KindWords(
        title=N_("No posts"),
        tone=Tone.CALM,
        headline=lambda words, number: words.count(
            "%(number)d account without posts", "%(number)d accounts without posts", number
        ),
        over=N_("The account is alive again"),
        intro=N_("accounts that you answer for have not posted for long. Inactive accounts are to be closed."),
        intro_over=N_("an account that had not posted for long has posted again."),
        why=N_("The account has not posted anything for long."),
        ended=N_("The account has posted again, or rests now."),
        steps=(N_("Post something, let the account rest until a date in the register, or have it closed."),),
    ),
}
"""Gravest first: the first kind in a mail gives it its headline."""
