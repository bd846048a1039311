"""The ``[platforms.instagram]`` block."""

from typing import Annotated

from pydantic import Field

from watchdaemon_adapters._graph.settings import GraphSettings


class InstagramSettings(GraphSettings):
    """What can be set for Instagram; every key has a default that suits the real service."""

    comments_page_size: Annotated[int, Field(ge=1, le=50)] = 50  # Instagram gives no more comments at a time
