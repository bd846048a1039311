"""The one road out: every request to a platform goes through `Road`, whichever SDK shapes it."""

from watchdaemon.http._road import (
    LEAKY_LOGGERS,
    Exchange,
    RetryPolicy,
    Road,
    is_cut_or_foreign,
    is_worth_repeating,
    retry_after,
    silence_leaky_loggers,
)
from watchdaemon.http._shapes import Httplib2Shape, RequestsShape

__all__ = [
    "LEAKY_LOGGERS",
    "Exchange",
    "Httplib2Shape",
    "RequestsShape",
    "RetryPolicy",
    "Road",
    "is_cut_or_foreign",
    "is_worth_repeating",
    "retry_after",
    "silence_leaky_loggers",
]
