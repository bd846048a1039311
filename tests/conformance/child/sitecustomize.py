"""Run at the start of every Python that a test starts: when the road is imported, its requests are written down."""

import os
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

_ROAD = "watchdaemon.http._road"
_ROOT = Path(__file__).parents[3]


class _Recording(Loader):
    """Loads the road as it is, and begins to record."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        self._recording: object = None

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Make the module as the true loader does."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Run it, and have its requests written down for as long as the process lives."""
        self._loader.exec_module(module)
        sys.path.append(str(_ROOT))
        from tests.conformance.wire import FOLDER, recording, write_down

        began = recording(write_down(Path(os.environ[FOLDER])))
        began.__enter__()
        self._recording = began  # it would end when it is forgotten
        sys.path.remove(str(_ROOT))


class _Finder(MetaPathFinder):
    """Finds one module."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Return the road's specification with our loader in it; None for every other module."""
        if fullname != _ROAD:
            return None
        found = PathFinder.find_spec(fullname, path)  # type: ignore[arg-type]  # the protocol says less than it gives
        if found is not None and found.loader is not None:
            found.loader = _Recording(found.loader)
        return found


if "WATCHDAEMON_TESTS_RECORD_REQUESTS_IN" in os.environ:
    sys.meta_path.insert(0, _Finder())
