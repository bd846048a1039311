"""How many texts ``watchdaemon classify`` judges in a second of one processor, start included, and its memory."""

import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.__main__ import Figure

TEXTS = (
    "när öppnar badhuset på lördag",
    "Tack för en jättefin dag i parken, vi kommer gärna igen nästa år!",
    "Hej! Jag undrar om det går att boka lokalen i Folkets hus till en släktträff i maj, vi är ungefär 40 personer.",
    "Så himla bra att ni satsar på cykelvägarna 👏 men när blir det en till vår by",
    "Det var bättre förr.",
    "lovely place, is it open on sundays",
    "Ring mig på 070-174 06 65 angående bygglovet på Provgatan 12",
    "milloin kirjasto aukeaa",
)
COUNT = 20_000


def figures() -> Iterator[Figure]:
    """One run over invented comments, each made different from the others."""
    program = Path(sys.executable).with_name("watchdaemon")
    lines = (json.dumps({"id": n, "text": f"{TEXTS[n % len(TEXTS)]} {n}"}) for n in range(COUNT))
    given = "\n".join(lines)
    before = _spent()
    run = subprocess.run([str(program), "classify"], input=given, capture_output=True, text=True, check=True)
    seconds = _spent() - before
    assert run.stdout.count("\n") == COUNT
    yield Figure(name="texts judged", value=COUNT / seconds, limit=5_000, unit="a second", at_least=True)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    yield Figure(name="memory of classify", value=peak, limit=60, unit="MB", note="the largest child so far")


def _spent() -> float:
    """Return the processor time of finished children: a busy machine is no fault of the code."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
