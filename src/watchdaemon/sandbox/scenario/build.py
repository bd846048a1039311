"""Puts the invented municipality together: world, register, credentials and the faults of its weeks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from watchdaemon.domain.account import Register
from watchdaemon.sandbox.faults import Fault, FaultKind, Faults
from watchdaemon.sandbox.scenario import town
from watchdaemon.sandbox.scenario.register_file import register_toml
from watchdaemon.sandbox.scenario.texts import load_texts
from watchdaemon.sandbox.scenario.writer import ZONE, Writer
from watchdaemon.sandbox.world import Clock, Kind, World, WorldItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A world to serve, and what an operator needs to watch it. [start, end) are the weeks that are written."""

    world: World
    faults: Faults
    start: datetime
    end: datetime

    def register(self) -> Register:
        """Return the accounts, units and persons."""
        return town.register(self.start.astimezone(ZONE).date())

    def register_toml(self) -> str:
        """Return the register as the file that `watchdaemon accounts import` reads."""
        return register_toml(self.register())

    def credentials(self) -> dict[str, str]:
        """Return each credential file's content by its name."""
        return {voice.key: town.credential(voice) for voice in town.VOICES}


def exempelkommun(start: date, weeks: int = 3, *, clock: Clock | None = None, seed: int = 1) -> Scenario:
    """Make Exempelkommun and what happens there.

    Args:
        start: The Monday with which it begins, local.
        weeks: How many weeks are written.
        clock: The world's clock; without one the world stands still at the end, when everything has happened.
        seed: Another seed is another town life with the same accounts.

    Raises:
        ValueError: `start` is no Monday.
    """
    if start.weekday() != 0:
        raise ValueError(f"{start} is not a Monday")
    midnight = datetime.combine(start, time(0), ZONE)
    begins, ends = midnight.astimezone(UTC), (midnight + timedelta(weeks=weeks)).astimezone(UTC)
    world = World(clock or (lambda: ends), town.world_accounts(begins))
    writers = {voice.key: Writer(world, voice, load_texts(), seed) for voice in town.VOICES}
    for writer in writers.values():
        writer.live(midnight, weeks)
    _write_incidents(world, writers, midnight)
    return Scenario(world=world, faults=Faults(_faults(midnight)), start=begins, end=ends)


def _write_incidents(world: World, writers: Mapping[str, Writer], midnight: datetime) -> None:
    """Write what must happen in every town: spam, something secret, something held, a question under an old film."""

    def day(number: int, hour: int, minute: int = 0) -> datetime:
        return midnight + timedelta(days=number, hours=hour, minutes=minute)

    def post(key: str, at: datetime) -> tuple[Writer, WorldItem]:
        posts = [i for i in world.all_items() if i.account == key and i.kind is Kind.POST and i.published_at <= at]
        return writers[key], posts[-1] if posts else writers[key].own_post(at - timedelta(hours=1))

    at = day(8, 20, 40)
    writer, under = post("omsorg-fb", at)
    writer.secret(under, at, deleted_at=day(10, 15, 5))
    for key, at in (("kommunen-fb", day(9, 2, 13)), ("kultur-yt", day(8, 23, 30)), ("ungdom-ig", day(15, 4, 4))):
        writer, under = post(key, at)
        writer.spam(under, at, hidden_at=at + timedelta(hours=9) if key == "kommunen-fb" else None)
    for key, at in (("kommunen-yt", day(9, 18)), ("kultur-yt", day(15, 12, 20))):
        writer, under = post(key, at)
        writer.held(under, at)
    at = day(10, 19, 12)
    writer, under = post("skola-yt", at)
    writer.question(under, "Kommer det en ny film om gymnasievalet i år", "Ja, i januari.", at, fate="never")


def _faults(midnight: datetime) -> list[Fault]:
    """Return what goes wrong, from the second week on. (The expired token is the token's own.)"""

    def day(number: int, hour: int, minute: int = 0) -> datetime:
        return (midnight + timedelta(days=number, hours=hour, minutes=minute)).astimezone(UTC)

    return [
        # Tuesday of week 2, for most of the morning: the window is met late.
        Fault(kind=FaultKind.OUTAGE, platform="youtube", from_at=day(8, 7), to_at=day(8, 10, 30)),
        # Wednesday of week 2: a spell of too many calls.
        Fault(
            kind=FaultKind.RATE_LIMIT, platform="facebook", account="kommunen-fb", from_at=day(9, 12), to_at=day(9, 14)
        ),
        # Monday of week 3: one comment breaks the contract, so the account is watched only partly.
        Fault(
            kind=FaultKind.MALFORMED_ITEM,
            platform="facebook",
            account="bibliotek-fb",
            path="comments",
            from_at=day(14, 12),
            to_at=day(14, 18),
        ),
        # Thursday of week 3: X is away all afternoon, the window is missed.
        Fault(kind=FaultKind.HTML_502, platform="x", from_at=day(17, 12, 15), to_at=day(17, 18)),
    ]
