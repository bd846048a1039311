"""The small pages behind the links in mails: a person says what became of an item, without logging in anywhere."""

from watchdaemon.web.companion import Companion

__all__ = ["Companion"]
