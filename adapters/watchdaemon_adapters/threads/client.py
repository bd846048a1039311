"""One profile's way to Threads: GET a path, get an object or an error of ours."""

from collections.abc import Mapping
from urllib.parse import quote

from watchdaemon.errors import RetriableError
from watchdaemon.http import Road, is_cut_or_foreign
from watchdaemon_adapters._graph.client import as_outage, read_answer
from watchdaemon_adapters._graph.errors import should_retry
from watchdaemon_adapters._graph.values import Row

PLATFORM = "threads"


class ThreadsClient:
    """Reads with one account's token. `calls` counts HTTP requests, retries not counted."""

    def __init__(
        self, road: Road, *, base_url: str, api_version: str, token: str, account: str, timeout: float | None = None
    ) -> None:
        self.calls = 0
        self.account = account
        self._road = road
        self._root = f"{base_url.rstrip('/')}/{api_version}"
        self._token = token
        self._timeout = timeout

    def get(self, path: str, params: Mapping[str, str]) -> Row:
        """Return the object at `path` (below the version). Raises AdapterError."""
        return self._sent("GET", path, params=params)

    def post(self, path: str, form: Mapping[str, str]) -> Row:
        """Send an order to `path`, once, and return the answer. Raises AdapterError."""
        return self._sent("POST", path, form=form)

    def _sent(
        self, method: str, path: str, *, params: Mapping[str, str] | None = None, form: Mapping[str, str] | None = None
    ) -> Row:
        self.calls += 1
        token = {"access_token": self._token}
        try:
            answer = self._road.request(
                method,
                f"{self._root}/{quote(path, safe='/')}",
                platform=PLATFORM,
                account=self.account,
                params=None if params is None else {**token, **params},
                data=None if form is None else {**token, **form},
                timeout=self._timeout,
                should_retry=lambda given: should_retry(given) or is_cut_or_foreign(given),
            )
        except RetriableError as error:
            raise as_outage(error) from None
        return read_answer(
            answer.content,
            status=answer.status_code,
            headers=answer.headers,
            platform=PLATFORM,
            account=self.account,
        )
