"""Small facts that survive a restart."""

from watchdaemon.rules.keeping import storable
from watchdaemon.testing.memory._part import Part


class StatePart(Part):
    """Implements `ports.StateStore`."""

    def get_state(self, name: str) -> str | None:
        """Return a fact, or None."""
        with self._turn() as data:
            return data.state.get(storable(name))

    def set_state(self, name: str, value: str) -> None:
        """Keep a fact."""
        with self._turn() as data:
            data.state[storable(name)] = storable(value)
