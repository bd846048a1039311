"""What a credential's state means to a person, and the next step. No network, no database."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from watchdaemon.cli._output import local_text
from watchdaemon.domain.account import Account
from watchdaemon.domain.credential import CredentialCheck, CredentialVerdict
from watchdaemon.errors import AdapterError, Reason

if TYPE_CHECKING:
    from watchdaemon.services.credentials import Examined
    from watchdaemon.services.reached import OtherVersion

_SOON: Final = timedelta(days=14)


class State(StrEnum):
    """How a thing stands."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "FAULT"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, and the next step when it is not in order, or could do more."""

    what: str
    state: State
    detail: str
    next: str = ""


_CONNECT: Final = "Connect it again: watchdaemon auth {platform} --account {key}"
_STEPS: Final = {
    Reason.UNAUTHORISED: _CONNECT,
    Reason.NO_CREDENTIAL: "Connect it: watchdaemon auth {platform} --account {key}",
    Reason.PERMISSION: "Give our app the missing permission or role on the platform, then "
    "connect it again: watchdaemon auth {platform} --account {key}",
    Reason.GONE: "Open {link}: if the account was renamed, moved or closed, correct the register",
    Reason.RATE_LIMITED: "Wait and try again; `watchdaemon quota` shows what is used",
    Reason.QUOTA: "Wait until the budget is renewed; `watchdaemon quota` shows when",
    Reason.OUTAGE: "Nothing is wrong here: try again later. If it stays, check this machine's way to the internet",
    Reason.NO_ADAPTER: "Install a plug-in for {platform}, or correct its table in the configuration",
    Reason.UNSUPPORTED: "Watch the account by hand until there is another way",
}
_OTHERWISE: Final = "Try again; if it stays, report it with this line"
_PASSES_BY_ITSELF: Final = frozenset({Reason.OUTAGE, Reason.RATE_LIMITED, Reason.QUOTA, Reason.UNSUPPORTED})


def missing_credential(account: Account) -> Finding:
    """Return what to do about an account that names no credential."""
    return Finding(_what(account), State.WARNING, "names no credential", _step(account, Reason.NO_CREDENTIAL))


def no_way_out(*, platforms: int, accounts: int) -> Finding:
    """Return one sentence for a machine that reaches nobody."""
    return Finding(
        "network",
        State.FAULT,
        f"none of {platforms} platforms could be reached from here, so none of {accounts} accounts was asked about",
        "Check its way to the internet: name service, firewall, a proxy that stands in between",
    )


def finding_of_version(other: "OtherVersion") -> Finding:
    """Put into words that a platform answered in another version of its API than was asked for."""
    return Finding(
        f"platform {other.platform}",
        State.WARNING,
        f"was asked in version {other.asked} of its API and answered in {other.answered}: fields may be missing",
        f"Set api_version under [platforms.{other.platform}] to a version that is still served, and run "
        "`watchdaemon doctor ACCOUNT --probe`",
    )


def finding_of(account: Account, examined: "Examined", zone: ZoneInfo) -> Finding:
    """Put what a platform said of an account's credential into words."""
    if examined.silence is not None:
        return _of_silence(account, examined.silence)
    check = examined.check
    if check.verdict is not CredentialVerdict.VALID:
        reason = check.reason or Reason.UNAUTHORISED
        return Finding(_what(account), State.FAULT, f"cannot be watched: {check.detail}", _step(account, reason))
    if check.missing_scopes:
        lacks = f"works, but lacks {', '.join(check.missing_scopes)}: what needs that cannot be read"
        return Finding(_what(account), State.WARNING, lacks, _step(account, Reason.PERMISSION))
    if check.expires_at is not None and check.expires_at <= check.tried_at + _SOON:
        why = f": {check.detail}" if check.detail else ""  # what renews itself says here why it could not
        ends = f"works, and ends {local_text(check.expires_at, zone)}{why}"
        return Finding(_what(account), State.WARNING, ends, _step(account, Reason.UNAUTHORISED))
    return Finding(_what(account), State.OK, _in_order(check, zone), _to_moderate(account, examined))


def _to_moderate(account: Account, examined: "Examined") -> str:
    """Return what else could be asked for: watching works without."""
    lacks = ", ".join(examined.missing_for_moderation)
    step = f"watchdaemon auth {account.platform} --account {account.key} --moderate"
    return f"To hide, delete or answer from here it lacks {lacks}: {step}" if lacks else ""


def _of_silence(account: Account, silence: AdapterError) -> Finding:
    state = State.WARNING if silence.reason in _PASSES_BY_ITSELF else State.FAULT
    return Finding(_what(account), state, f"the platform did not say: {silence}", _step(account, silence.reason))


def _in_order(check: CredentialCheck, zone: ZoneInfo) -> str:
    clocks = check.clocks or ({"it": check.expires_at} if check.expires_at else {})
    parts = [
        check.detail,
        check.kind,
        f"may: {' '.join(check.scopes)}" if check.scopes else "",
        f"connected by {check.connected_by}" if check.connected_by else "",
        *(f"{name} ends {local_text(end, zone)}" for name, end in clocks.items()),
        "" if clocks else "no end known",
    ]
    return "; ".join(part for part in parts if part)


def _what(account: Account) -> str:
    return f"account {account.key}"


def _step(account: Account, reason: Reason) -> str:
    return _STEPS.get(reason, _OTHERWISE).format(platform=account.platform, key=account.key, link=account.link)
