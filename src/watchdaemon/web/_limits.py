"""How much one address may ask for: a bucket of requests that fills up again with time."""

import threading
from collections import OrderedDict
from collections.abc import Callable

BURST = 240
"""Requests at once: an organisation's people often share one address, and a scanner opens a mail's every link."""

PER_SECOND = 8.0
"""Requests a second after that."""

_ADDRESSES = 2_000
"""So many are remembered; the one that was quiet longest is forgotten first."""


class Limits:
    """Safe between threads."""

    def __init__(self, monotonic: Callable[[], float], *, burst: int = BURST, per_second: float = PER_SECOND) -> None:
        self._monotonic = monotonic
        self._burst = float(burst)
        self._per_second = per_second
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def allows(self, address: str) -> bool:
        """Take one request from the address's bucket, if there is one in it."""
        now = self._monotonic()
        with self._lock:
            left, at = self._left.pop(address, (self._burst, now))
            left = min(self._burst, left + (now - at) * self._per_second)
            self._left[address] = (left - 1 if left >= 1 else left, now)
            if len(self._left) > _ADDRESSES:
                self._left.popitem(last=False)
        return left >= 1
