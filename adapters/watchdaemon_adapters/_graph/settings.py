"""The settings both adapters share, and how faults in them are told."""

from collections.abc import Mapping
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from watchdaemon.errors import ConfigError, Fault


class GraphSettings(BaseModel):
    """Where the Graph is, and how it is asked."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    base_url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s?#]+$")] = "https://graph.facebook.com/"
    api_version: Annotated[str, StringConstraints(pattern=r"^v\d{1,3}\.\d{1,2}$")] = "v25.0"
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 60.0
    page_size: Annotated[int, Field(ge=1, le=100)] = 25
    comments_page_size: Annotated[int, Field(ge=1, le=100)] = 50
    messages: bool = True  # direct messages need the platform's review of the app
    mentions: bool = True
    automatic_replies: tuple[str, ...] = ()  # texts of the page's own automatic messages: they answer nobody


Settings = TypeVar("Settings", bound=BaseModel)


def read_settings(model: type[Settings], block: Mapping[str, object], platform: str) -> Settings:
    """Validate a ``[platforms.<name>]`` block.

    Raises:
        ConfigError: With one fault per wrong or unknown key.
    """
    try:
        return model.model_validate(block)
    except ValidationError as error:
        faults = [
            Fault(
                file="",
                key=".".join(("platforms", platform, *(str(part) for part in fault["loc"]))),
                message=fault["msg"],
            )
            for fault in error.errors(include_url=False, include_input=False)
        ]
        raise ConfigError(f"[platforms.{platform}] has faults", faults) from None
