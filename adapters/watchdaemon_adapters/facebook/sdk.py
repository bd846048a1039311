"""facebook-sdk over our road, kept to what it does well: building the request and reading the answer.

The released SDK (3.1.0, 2018) refuses every Graph version of today in its constructor, waits for ever by default,
drops the status and the subcode, and raises KeyError where a content type is missing. So: the version is set after
construction, the road has the time-outs, and every refusal is sorted by us from the answer itself. Its base address is
a module global; ours is put in its place on the way out, so that nothing of the process is patched. Importing this
module imports the SDK.
"""

from collections.abc import Mapping
from typing import TypedDict

import facebook

from watchdaemon.errors import RetriableError
from watchdaemon.http import RequestsShape, Road
from watchdaemon_adapters._graph.client import Secrets, as_outage, read_answer, read_list
from watchdaemon_adapters._graph.errors import graph_error, not_json_error, should_retry
from watchdaemon_adapters._graph.values import Row


class PageGraph(facebook.GraphAPI):  # type: ignore[misc]  # the SDK has no types
    """The Graph with one Page's token; a `SyncGraph`."""

    def __init__(
        self,
        road: Road,
        *,
        base_url: str,
        api_version: str,
        secrets: Secrets,
        platform: str,
        account: str | None,
        timeout: float,
    ) -> None:
        shape = RequestsShape(
            road,
            platform=platform,
            account=account,
            rewrite=(facebook.FACEBOOK_GRAPH_URL, base_url.rstrip("/") + "/"),
            should_retry=should_retry,
            idempotent=True,  # what is sent from here only reads, a batch too
        )
        super().__init__(access_token=secrets.token, timeout=timeout, session=shape)
        self.version = api_version
        self._shape = shape
        self._proof = {k: v for k, v in secrets.parameters().items() if k != "access_token"}
        self._platform = platform
        self._account = account

    def get(self, path: str, params: Mapping[str, str]) -> Row:
        """Return the object at `path`. Raises AdapterError."""
        result = self._requested(path, {**self._proof, **params})
        return result if isinstance(result, dict) and self._status < 400 else self._answer_itself()

    def batch(self, parts: str) -> object:
        """Send a batch of reading questions and return its answer's JSON. Raises AdapterError."""
        result = self._requested("", post_args={**self._proof, "batch": parts})
        if isinstance(result, list) and self._status < 400:
            return result
        content, told = self._content()
        return read_list(content, **told)

    def _requested(
        self, path: str, args: Mapping[str, str] | None = None, post_args: dict[str, str] | None = None
    ) -> object:
        """Return what the SDK makes of the answer; None where it makes nothing of it. Raises AdapterError."""
        self._shape.last_response = None
        try:
            result: object = self.request(f"{self.version}/{path}", args, post_args=post_args)
        except RetriableError as error:
            raise as_outage(error) from None
        except facebook.GraphAPIError as error:
            if not isinstance(error.result, dict):  # the SDK's own complaint about the content type
                return None
            raise self._sorted(error.result) from None
        except (KeyError, ValueError, RecursionError):  # no content type; "json" that is none
            return None
        # Of JSON by another name (text/javascript) the SDK takes the token in a `next` link for the whole answer.
        return result if self._is_called_json else None

    @property
    def _is_called_json(self) -> bool:
        answer = self._shape.last_response
        return answer is not None and "json" in answer.headers.get("content-type", "")

    @property
    def _status(self) -> int:
        return self._shape.last_response.status_code if self._shape.last_response is not None else 0

    def _sorted(self, body: Row) -> Exception:
        answer = self._shape.last_response
        headers = answer.headers if answer is not None else {}
        return graph_error(body, status=self._status, headers=headers, platform=self._platform, account=self._account)

    def _answer_itself(self) -> Row:
        """Read the answer the SDK could not make sense of; mostly it is none, and the right error is raised."""
        content, told = self._content()
        return read_answer(content, **told)

    def _content(self) -> tuple[bytes, "_Told"]:
        answer = self._shape.last_response
        if answer is None:
            raise not_json_error(status=0, platform=self._platform, account=self._account)
        told: _Told = {
            "status": answer.status_code,
            "headers": answer.headers,
            "platform": self._platform,
            "account": self._account,
        }
        return answer.content, told


class _Told(TypedDict):
    status: int
    headers: Mapping[str, str]
    platform: str
    account: str | None
