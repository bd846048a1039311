"""Small facts that survive a restart, by name."""

from sqlalchemy import select

from watchdaemon.storage._part import Part
from watchdaemon.storage.tables import StateRow, table

_state = table(StateRow)


class StatePart(Part):
    """Implements `ports.StateStore`."""

    def get_state(self, name: str) -> str | None:
        """Return a fact, or None."""
        with self._db.read(f"read {name}") as connection:
            value: str | None = connection.execute(select(_state.c.value).where(_state.c.name == name)).scalar()
            return value

    def set_state(self, name: str, value: str) -> None:
        """Keep a fact."""
        with self._db.write(f"keep {name}") as connection:
            connection.execute(self._db.upsert(_state), [{"name": name, "value": value}])
