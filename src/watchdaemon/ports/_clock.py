"""Time: what tells it, and what lets it pass."""

from collections.abc import Callable
from datetime import datetime

Clock = Callable[[], datetime]
"""Gives the present time, aware, in UTC."""

Sleep = Callable[[float], None]
"""Waits that many seconds."""
