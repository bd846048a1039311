"""What Bluesky's documentation leaves open, asked of a live account. Only reads."""

from collections.abc import Mapping
from typing import Final

from watchdaemon.domain.probe import Unknown
from watchdaemon_adapters._probing import Asked, Probe, Verdict, number, otherwise, plan_of, seen, untold
from watchdaemon_adapters.bluesky.client import BlueskyClient

_RATE: Final = ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "ratelimit-policy")
_APP_PASSWORDS: Final = frozenset({"com.atproto.appPass", "com.atproto.appPassPrivileged"})


class AccountReadings:
    """What was read of one account, each list once."""

    def __init__(self, asked: Asked, client: BlueskyClient) -> None:
        self.headers = asked.headers
        self._asked = asked
        self._client = client

    def scope(self) -> str:
        """Return what kind of password the session was made from."""
        return self._asked.once("session", self._client.session).scope

    def mentions(self) -> list[Mapping[str, object]]:
        """Return the newest notifications of mentions."""
        rows = self._asked.once("notifications", lambda: next(self._client.notifications(), []))
        self.headers = self._asked.headers
        return [r for r in rows if isinstance(r, dict) and r.get("reason") == "mention"]

    def searched(self, since: str) -> set[str]:
        """Return the addresses of what a search finds of posts that name the account, from that time on."""
        session = self._asked.once("session", self._client.session)
        rows = self._asked.once(
            "search",
            lambda: next(self._client.mentions_found(session.did, session.handle or session.did, since=since), []),
        )
        return {str(r.get("uri")) for r in rows if isinstance(r, dict)}


def _password(readings: AccountReadings) -> Verdict:
    scope = readings.scope()
    if not scope:
        return untold("the session does not say what it was made from")
    return seen(scope in _APP_PASSWORDS, f"the session's scope is {scope[:60]}")


def _rates(readings: AccountReadings) -> Verdict:
    readings.mentions()
    found = [name for name in _RATE if name in readings.headers]
    return seen(len(found) >= len(_RATE) - 1, f"{len(found)} of {len(_RATE)} headers came")


def _search(readings: AccountReadings) -> Verdict:
    mentions = readings.mentions()
    times = sorted(str(m["indexedAt"]) for m in mentions if isinstance(m.get("indexedAt"), str))
    if not times:
        return untold("nobody has mentioned the account lately")
    addresses = {str(m.get("uri")) for m in mentions}
    missing = len(addresses - readings.searched(times[0]))
    said = f"{missing} of {number(len(addresses), 'notified mention')} were not found by search"
    return otherwise(said) if missing else seen(True, said)


PROBES: Final[tuple[Probe[AccountReadings], ...]] = (
    Probe(
        unknown=Unknown(
            name="app-password",
            question="Are app passwords still taken, and is it one?",
            assumed="The session is renewed by itself; the password can be revoked alone.",
            otherwise="It is the account's own password, or another kind of access: make an app password, and connect "
            "again: `watchdaemon auth bluesky`.",
        ),
        ask=_password,
    ),
    Probe(
        unknown=Unknown(
            name="rate-headers",
            question="Does the hosted service send the limits' headers?",
            assumed="The quota book knows what is left.",
            otherwise="A limit is known only once it is hit; reading is far below every documented one.",
        ),
        ask=_rates,
    ),
    Probe(
        unknown=Unknown(
            name="mention-search",
            question="Does search find every mention that was notified?",
            assumed="Mentions whose notification was lost are found by search.",
            otherwise="Notifications are read all the same; a mention without a notification could be missed.",
        ),
        ask=_search,
    ),
)

PLAN: Final = plan_of(PROBES, most_calls=5)
