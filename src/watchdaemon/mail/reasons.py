"""Why something could not be watched, and what to do about it, in a person's words."""

from dataclasses import dataclass

from watchdaemon.errors import Reason
from watchdaemon.mail.language import N_


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A cause as it is put to people: `why` completes "not watched: …", `steps` are what the reader can do."""

    why: str
    steps: tuple[str, ...]


_BY_ITSELF = N_("You need not do anything for it to start again: new attempts are made all the time.")
_RENEW = N_("When the new access is in place the account is watched again by itself, and you get a mail about it.")
_OPERATOR = N_("Tell those who run the watching service; they need to look at it.")

EXPLANATIONS: dict[Reason, Explanation] = {
    Reason.UNAUTHORISED: Explanation(
        why=N_("our access to the account has expired or been withdrawn, for instance after a changed password"),
        steps=(
            N_("Ask somebody who administers the account on the platform to approve the access again."),
            _RENEW,
        ),
    ),
    Reason.PERMISSION: Explanation(
        why=N_("our access to the account lacks a permission that is needed"),
        steps=(
            N_("Ask somebody who administers the account on the platform to give the missing permission or role."),
            _RENEW,
        ),
    ),
    Reason.RATE_LIMITED: Explanation(why=N_("the platform has asked us to wait"), steps=(_BY_ITSELF,)),
    Reason.QUOTA: Explanation(
        why=N_("the number of requests that the platform allows is used up for now"),
        steps=(
            N_("Fetching goes on when the quota is renewed."),
            N_("If it happens often, ask those who run the watching service to apply for a higher quota."),
        ),
    ),
    Reason.OUTAGE: Explanation(why=N_("the platform does not answer, or answers with errors"), steps=(_BY_ITSELF,)),
    Reason.MALFORMED: Explanation(
        why=N_("a part of the platform's answer could not be read"),
        steps=(_OPERATOR,),
    ),
    Reason.SUSPICIOUS_EMPTY: Explanation(
        why=N_("the platform answered with nothing where there must be something"),
        steps=(
            N_("Check on the platform that the account and its posts are still there and public."),
            N_("If they are, the access probably belongs to the wrong account and must be approved again."),
        ),
    ),
    Reason.GONE: Explanation(
        why=N_("the account no longer exists, or is no longer visible"),
        steps=(
            N_("Open the account and see whether it was renamed, moved or closed."),
            N_("Tell the communications unit, so that the register is corrected."),
        ),
    ),
    Reason.NO_CREDENTIAL: Explanation(
        why=N_("no access to the account has been stored"),
        steps=(N_("Ask those who run the watching service to store the account's access."), _RENEW),
    ),
    Reason.NO_ADAPTER: Explanation(
        why=N_("the watching service has no working connection to this platform"),
        steps=(_OPERATOR,),
    ),
    Reason.UNSUPPORTED: Explanation(
        why=N_("the platform has withdrawn the possibility to fetch this"),
        steps=(N_("What can no longer be fetched must be watched by hand until another way is found."), _OPERATOR),
    ),
    Reason.INCOMPLETE: Explanation(
        why=N_("the fetch stopped before everything had come"),
        steps=(_BY_ITSELF,),
    ),
    Reason.STORAGE: Explanation(why=N_("what was fetched could not be stored"), steps=(_OPERATOR,)),
    Reason.NOT_RUNNING: Explanation(why=N_("the watching service was not running"), steps=(_OPERATOR,)),
    Reason.NOT_FETCHED: Explanation(why=N_("no fetch was made in time"), steps=(_OPERATOR,)),
    Reason.NOT_CONFIRMED: Explanation(
        why=N_("only a person can look at this account, and nobody has confirmed that they did"),
        steps=(
            N_("Look at the account yourself now, and answer what waits there."),
            N_("Confirm each look while the watch lasts; a confirmation that comes later does not fill the gap."),
        ),
    ),
    Reason.INTERNAL: Explanation(why=N_("a fault in the watching service stopped the fetch"), steps=(_OPERATOR,)),
}
