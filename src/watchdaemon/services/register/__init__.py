"""Takes the register from files: reads and checks them as a whole, shows what would change, and changes it."""

from watchdaemon.services.register._check import parse_register
from watchdaemon.services.register._plan import Prepared, apply, facts, import_register, plan, prepare

__all__ = ["Prepared", "apply", "facts", "import_register", "parse_register", "plan", "prepare"]
