"""What Mastodon's documentation leaves open, and what other software does in its own way. Only reads."""

import re
from typing import Final

from watchdaemon.domain.probe import Unknown
from watchdaemon.errors import AdapterError, Reason
from watchdaemon_adapters._probing import Asked, Probe, Verdict, as_assumed, otherwise, plan_of, seen, untold
from watchdaemon_adapters.mastodon.client import MastodonClient, as_id

_QUOTES: Final = (4, 5)
_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT.*")


class InstanceReadings:
    """What was read of one account's instance, each thing once."""

    def __init__(self, asked: Asked, client: MastodonClient, user_id: str) -> None:
        self.headers = asked.headers
        self._asked = asked
        self._client = client
        self._user_id = user_id

    def own_status(self) -> str | None:
        """Return the id of an own post."""
        rows = self._asked.once("own", lambda: self._client.newest_own_posts(self._user_id))
        self.headers = self._asked.headers
        return next((i for row in rows if isinstance(row, dict) and (i := as_id(row.get("id")))), None)

    def version(self) -> str:
        """Return what the instance says that it runs."""
        version = self._asked.once("instance", self._client.instance).get("version")
        return version if isinstance(version, str) else ""

    def looked_up(self, status_id: str) -> list[object]:
        """Look a status up by the call that takes many."""
        return self._asked.once("many", lambda: self._client.many_at_once([status_id]))


def _reset(readings: InstanceReadings) -> Verdict:
    readings.own_status()
    value = readings.headers.get("x-ratelimit-reset", "").strip()
    if not value:
        return otherwise("there is no X-RateLimit-Reset")
    return seen(bool(_STAMP.fullmatch(value)), "it is a time stamp" if _STAMP.fullmatch(value) else "it is a number")


def _version(readings: InstanceReadings) -> Verdict:
    version = readings.version()
    found = re.match(r"(\d+)\.(\d+)", version)
    if found is None or "compatible" in version:
        return otherwise(f"it says {version[:60]!r}")
    return seen((int(found[1]), int(found[2])) >= _QUOTES, f"it says {version[:60]!r}")


def _many(readings: InstanceReadings) -> Verdict:
    status_id = readings.own_status()
    if status_id is None:
        return untold("the account shows no post")
    try:
        rows = readings.looked_up(status_id)
    except AdapterError as error:
        if error.reason in (Reason.GONE, Reason.MALFORMED, Reason.INTERNAL, Reason.PERMISSION):
            return otherwise(f"it is refused: {error}")
        raise
    found = any(isinstance(row, dict) and row.get("id") == status_id for row in rows)
    return as_assumed("an own post was found by it") if found else otherwise("it answers without the post")


PROBES: Final[tuple[Probe[InstanceReadings], ...]] = (
    Probe(
        unknown=Unknown(
            name="rate-reset",
            question="Is the end of a limit given as a time stamp?",
            assumed="The quota book and a refused fetch wait until then.",
            otherwise="Unix seconds and Retry-After are understood as well; without any a refused fetch waits for the "
            "documented five minutes.",
        ),
        ask=_reset,
    ),
    Probe(
        unknown=Unknown(
            name="instance-version",
            question="Is the instance Mastodon itself, 4.5 or newer?",
            assumed="Mentions, replies, direct messages and quotes are seen.",
            otherwise="Before 4.5 there are no quotes to be seen. Other software may differ in more: look at the watch "
            "log for a week, and compare with the app.",
        ),
        ask=_version,
    ),
    Probe(
        unknown=Unknown(
            name="many-statuses",
            question="Can many statuses be looked up by one call (4.3)?",
            assumed="Rechecks take one call for forty.",
            otherwise="Each is looked up alone. Costs calls only.",
        ),
        ask=_many,
    ),
)

PLAN: Final = plan_of(PROBES, most_calls=3)
