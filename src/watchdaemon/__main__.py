"""``python -m watchdaemon``."""

from watchdaemon.cli import main

main()
