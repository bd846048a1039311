"""Where an exception came from, without what it said: messages may hold tokens or a citizen's words."""

import traceback


def where(error: BaseException) -> str:
    """Return the class and the innermost frames, ``KeyError at mapping.py:41 in to_item < adapter.py:90 in fetch``."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    places = " < ".join(f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno} in {f.name}" for f in reversed(frames))
    return f"{type(error).__name__} at {places}" if places else type(error).__name__
