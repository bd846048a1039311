"""The command line: argv to calls, results to tables or JSON. Importing it is light; commands import what they use."""

from watchdaemon.cli._program import main, program

__all__ = ["main", "program"]
