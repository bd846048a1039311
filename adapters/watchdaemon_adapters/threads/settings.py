"""The ``[platforms.threads]`` block."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class ThreadsSettings(BaseModel):
    """Where Threads is, and how it is asked; every key has a default that suits the real service."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    base_url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s?#]+$")] = "https://graph.threads.net/"
    api_version: Annotated[str, StringConstraints(pattern=r"^v\d{1,3}\.\d{1,2}$")] = "v1.0"
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 60.0
    page_size: Annotated[int, Field(ge=1, le=100)] = 50  # own posts at a time; replies take no such parameter
    mentions: bool = True  # needs threads_manage_mentions, and Meta's review of the app to see everybody's
    approvals: bool = True  # also read the replies that wait for approval
