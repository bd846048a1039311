"""The judges of requests by platform, and the record of a whole run that is brought before them."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.conformance import bluesky, mastodon, meta, threads, x, youtube
from tests.conformance.wire import Notebook, Sent

JUDGES: Mapping[str, tuple[Path | None, Callable[[Sent], list[str]]]] = {
    "bluesky": (bluesky.LEXICONS, bluesky.faults_of),
    "facebook": (meta.SPECS, meta.faults_in),
    "instagram": (meta.SPECS, meta.faults_in),
    "mastodon": (mastodon.SPEC, mastodon.faults_of),
    "threads": (None, threads.faults_of),
    "x": (x.SPEC, x.faults_of),
    "youtube": (youtube.SPEC, youtube.faults_of),
}
"""By platform: where its description lies (None: in the judge itself), and what is wrong with a request."""


def faults_of(sent: Sent) -> list[str]:
    """Return what a platform's description does not know or allow; nothing where it is not at hand."""
    if sent.platform not in JUDGES:
        return []  # a third party's adapter, or a test of the road itself
    where, judge = JUDGES[sent.platform]
    return judge(sent) if where is None or where.exists() else []


class Record:
    """What adapters have sent, in this process and in those it started, and how much of it was judged."""

    def __init__(self, notebook: Notebook) -> None:
        self.judged: Counter[str] = Counter()  # requests by platform, over the whole run
        self._notebook = notebook
        self._known: set[Sent] = set()
        self._waiting: set[Sent] = set()

    def take(self, sent: Sent) -> None:
        """Keep a request to be judged."""
        self.judged[sent.platform] += 1
        if sent not in self._known:
            self._waiting.add(sent)

    def faults(self) -> list[str]:
        """Judge what was sent since the last time; a request that was right before is right."""
        for sent in self._notebook.news():
            self.take(sent)
        waiting, self._waiting = self._waiting, set()
        faults = {sent: faults_of(sent) for sent in waiting}
        self._known |= {sent for sent, found in faults.items() if not found}
        return [fault for found in faults.values() for fault in found]
