"""The page docs/platforms.md: cases, measured and beside the floor that each platform's contract allows."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from tests.costs.measure import Cost, Watch, live, watching
from tests.costs.notes import FLOORS, HEAD, NOTES
from tests.costs.places import PLACES, Place

from watchdaemon.domain.quota import Measure, Prices

SHARED_APP = Prices()
OWN_APP = Prices(has_own_app=True)

WORDS = {
    Measure.UNITS: "units",
    Measure.POSTS: "posts",
    Measure.OWNED_POSTS: "posts of its own lists",
    Measure.USERS: "users",
    Measure.MESSAGES: "messages",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One row: what the account is like, and what happened since the last poll."""

    key: str
    title: str
    measure: Callable[[Watch], Cost]
    accounts: int = 1


def _quiet(watch: Watch) -> Cost:
    live(watch, posts=10)
    watch.poll()
    return watch.poll(advance=timedelta(hours=3))


def _quiet_next_day(watch: Watch) -> Cost:
    live(watch, posts=10)
    watch.poll()
    return watch.poll(advance=timedelta(hours=19))


def _new_comments(count: int) -> Callable[[Watch], Cost]:
    def measure(watch: Watch) -> Cost:
        newest = live(watch, posts=10)[-1]
        watch.poll()
        for number in range(count):
            at = watch.clock() + timedelta(seconds=5 + number)
            watch.place.comment(watch.world, newest, at, 1000 + number)
        return watch.poll(advance=timedelta(hours=3))

    return measure


def _hundred_posts(watch: Watch) -> Cost:
    live(watch, posts=100, comments_a_post=1)
    watch.poll()
    return watch.poll(advance=timedelta(hours=3))


CASES = (
    Case(key="quiet", title="quiet, a later poll of the day", measure=_quiet),
    Case(key="first", title="quiet, the first poll of a day", measure=_quiet_next_day),
    Case(key="ten", title="10 new comments", measure=_new_comments(10)),
    Case(key="thousand", title="1,000 new comments", measure=_new_comments(1000)),
    Case(key="hundred", title="quiet, 100 posts in the look-back", measure=_hundred_posts),
    Case(key="forty", title="40 quiet accounts", measure=_quiet, accounts=40),
)


def page() -> str:
    """Measure everything and return the page."""
    return "\n".join([HEAD.rstrip(), *("\n".join(_section(place)) for place in PLACES.values()), ""])


def _section(place: Place) -> Iterator[str]:
    yield f"\n## {place.platform}\n"
    yield "| account and poll | HTTP requests | counted or billed | price | floor |"
    yield "|---|---|---|---|---|"
    floors: Mapping[str, str] = FLOORS[place.platform]
    for case in CASES:
        if case.key in floors:
            with watching(place, accounts=case.accounts) as watch:
                cost = case.measure(watch)
            yield f"| {case.title} | {cost.requests} | {_counted(cost)} | {_price(cost)} | {floors[case.key]} |"
    yield f"\n{NOTES[place.platform].strip()}"


def _counted(cost: Cost) -> str:
    said = []
    for measure, word in WORDS.items():
        again = cost.sent[measure] - cost.billed[measure] if cost.billed else 0
        if cost.sent[measure]:
            said.append(f"{cost.sent[measure]} {word}" + (f" ({again} of them again)" if again else ""))
    return ", ".join(said) or "–"


def _price(cost: Cost) -> str:
    if not cost.billed:
        return "–"
    shared, own = cost.price(SHARED_APP), cost.price(OWN_APP)
    return f"${shared:.3f}" if shared == own else f"${shared:.3f} (${own:.3f} with an app of its own)"
