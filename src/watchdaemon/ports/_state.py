"""Small facts that survive a restart."""

from typing import Protocol


class StateStore(Protocol):
    """Small facts that survive a restart, by name (``last_pass_at`` …)."""

    def get_state(self, name: str) -> str | None:
        """Return a fact, or None."""
        ...

    def set_state(self, name: str, value: str) -> None:
        """Keep a fact."""
        ...
