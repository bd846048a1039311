"""facebook-sdk over our road, kept to what it does well: building the request and reading the answer.

The released SDK (3.1.0, 2018) refuses every Graph version of today in its constructor, waits for ever by default,
drops the status and the subcode, and raises KeyError where a content type is missing. So: the version is set after
construction, the road has the time-outs, and every refusal is sorted by us from the answer itself. Its base address is
a module global; ours is put in its place on the way out, so that nothing of the process is patched. Importing this
module imports the SDK.
"""

from collections.abc import Mapping

import facebook

from watchdaemon.errors import RetriableError
from watchdaemon.http import RequestsShape, Road
from watchdaemon_adapters._graph.client import Secrets, as_outage, read_answer
from watchdaemon_adapters._graph.errors import graph_error, not_json_error, should_retry
from watchdaemon_adapters._graph.values import Row


class PageGraph(facebook.GraphAPI):  # type: ignore[misc]  # the SDK has no types
    """One Page's Graph; a `GraphClient`."""

    def __init__(
        self,
        road: Road,
        *,
        base_url: str,
        api_version: str,
        secrets: Secrets,
        platform: str,
        account: str,
        timeout: float,
    ) -> None:
        shape = RequestsShape(
            road,
            platform=platform,
            account=account,
            rewrite=(facebook.FACEBOOK_GRAPH_URL, base_url.rstrip("/") + "/"),
            should_retry=should_retry,
        )
        super().__init__(access_token=secrets.token, timeout=timeout, session=shape)
        self.version = api_version
        self.calls = 0
        self._shape = shape
        self._proof = {k: v for k, v in secrets.parameters().items() if k != "access_token"}
        self._platform = platform
        self._account = account

    def get(self, path: str, params: Mapping[str, str]) -> Row:
        """Return the object at `path`. Raises AdapterError."""
        self.calls += 1
        self._shape.last_response = None
        try:
            result = self.request(f"{self.version}/{path}", {**self._proof, **params})
        except RetriableError as error:
            raise as_outage(error) from None
        except facebook.GraphAPIError as error:
            if not isinstance(error.result, dict):  # the SDK's own complaint about the content type
                return self._answer_itself()
            raise self._sorted(error.result) from None
        except (KeyError, ValueError, RecursionError):  # no content type; "json" that is none
            return self._answer_itself()
        if not isinstance(result, dict) or self._status >= 400:
            return self._answer_itself()
        return result

    @property
    def _status(self) -> int:
        return self._shape.last_response.status_code if self._shape.last_response is not None else 0

    def _sorted(self, body: Row) -> Exception:
        answer = self._shape.last_response
        headers = answer.headers if answer is not None else {}
        return graph_error(body, status=self._status, headers=headers, platform=self._platform, account=self._account)

    def _answer_itself(self) -> Row:
        """Read the answer the SDK could not make sense of; mostly it is none, and the right error is raised."""
        answer = self._shape.last_response
        if answer is None:
            raise not_json_error(status=0, platform=self._platform, account=self._account)
        return read_answer(
            answer.content,
            status=answer.status_code,
            headers=answer.headers,
            platform=self._platform,
            account=self._account,
        )
