"""The Graph's own refusals: code, subcode, words and HTTP status."""

from datetime import datetime


class GraphError(Exception):
    """Becomes the Graph's error body."""

    def __init__(
        self,
        message: str,
        *,
        code: int,
        subcode: int | None = None,
        status: int = 400,
        kind: str = "OAuthException",
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.subcode = subcode
        self.status = status
        self.kind = kind
        self.headers = headers or {}

    def body(self, trace: str) -> dict[str, object]:
        """Return the body that goes over the wire."""
        error: dict[str, object] = {"message": self.message, "type": self.kind, "code": self.code}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        error["fbtrace_id"] = trace
        return {"error": error}


def bad_parameter(text: str) -> GraphError:
    """A parameter or its value is wrong."""
    return GraphError(f"(#100) {text}", code=100)


def unknown_field(name: str, node_type: str) -> GraphError:
    """A field or edge that the node type does not have."""
    return GraphError(f"(#100) Tried accessing nonexisting field ({name}) on node type ({node_type})", code=100)


def unknown_path(path: str) -> GraphError:
    """A path nobody serves, a version that does not exist."""
    return GraphError(f"Unknown path components: /{path}", code=2500)


def syntax_error(text: str, at: int, source: str) -> GraphError:
    """`fields` cannot be read."""
    return GraphError(f'Syntax error "{text}" at character {at}: {source}', code=2500)


def gone(object_id: str, method: str = "get") -> GraphError:
    """No such object, or not for this token: the Graph does not tell the two apart."""
    return GraphError(
        f"Unsupported {method} request. Object with ID '{object_id}' does not exist, cannot be loaded due to missing "
        "permissions, or does not support this operation. Please read the Graph API documentation at "
        "https://developers.facebook.com/docs/graph-api",
        code=100,
        subcode=33,
        kind="GraphMethodException",
    )


def foreign_page() -> GraphError:
    """A Page that the token has nothing to do with."""
    return GraphError(
        "(#100) Object does not exist, cannot be loaded due to missing permission or reviewable feature, or does not "
        "support this operation. This endpoint requires the 'pages_read_engagement' permission or the 'Page Public "
        "Content Access' feature or the 'Page Public Metadata Access' feature.",
        code=100,
    )


def no_token() -> GraphError:
    """Nobody said who is asking."""
    return GraphError("An access token is required to request this resource.", code=104)


def unknown_token() -> GraphError:
    """A token the platform never gave out."""
    return GraphError("Invalid OAuth access token - Cannot parse access token", code=190)


def expired_token(since: datetime | None, now: datetime) -> GraphError:
    """A token past its time."""
    when = f" on {since:%A, %d-%b-%y %H:%M:%S} UTC" if since else ""
    return GraphError(
        f"Error validating access token: Session has expired{when}. The current time is {now:%A, %d-%b-%y %H:%M:%S} "
        "UTC.",
        code=190,
        subcode=463,
    )


_REVOKED = {
    458: "The user has not authorized application",
    459: "The user is checkpointed",
    460: "The session has been invalidated because the user changed their password or Facebook has changed the session "
    "for security reasons",
    464: "The user is not a confirmed user",
    467: "The session is invalid because the user logged out",
    492: "The user does not have a role on the Page any more",
}


def revoked_token(subcode: int) -> GraphError:
    """A token taken back."""
    reason = _REVOKED.get(subcode, "The session is invalid")
    return GraphError(f"Error validating access token: {reason}.", code=190, subcode=subcode)


def page_token_wanted() -> GraphError:
    """A person's token where the Page itself must ask."""
    return GraphError("This method must be called with a Page Access Token", code=190, subcode=2069032)


def missing_permission(scope: str, *, writing: bool = False) -> GraphError:
    """The token is good, but was not given this right."""
    code = 200 if writing else 10
    return GraphError(
        f"(#{code}) This endpoint requires the '{scope}' permission and the user must have the matching task on the "
        "Page.",
        code=code,
        status=403,
    )


def too_much_data() -> GraphError:
    """More than one answer may hold; the only cure is to ask for less."""
    return GraphError("Please reduce the amount of data you're asking for, then retry your request", code=1, status=500)
