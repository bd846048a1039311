"""The one road out: every request to a platform goes through `Road`, whichever SDK shapes it."""

from watchdaemon.http._road import Exchange, RetryPolicy, Road
from watchdaemon.http._shapes import Httplib2Shape, RequestsShape

__all__ = ["Exchange", "Httplib2Shape", "RequestsShape", "RetryPolicy", "Road"]
