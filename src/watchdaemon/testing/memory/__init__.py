"""The stores in memory: the same promises as `storage`, without a database. One test suite holds both to them.

A part for each port, of the same name as its twin in `storage`; what they share stands in `_part`.
"""

from watchdaemon.testing.memory._store import MemoryStore

__all__ = ["MemoryStore"]
