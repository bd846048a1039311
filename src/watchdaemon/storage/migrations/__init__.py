"""Alembic's scripts. They travel in the wheel and are run by `watchdaemon db upgrade`."""
