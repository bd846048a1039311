"""Reading many accounts at once: what all of them want next goes out together, fifty questions to a request.

Each account is read by coroutines that await `AccountClient.get` and each other (`gather`). Nothing here is
asynchronous in the sense of sockets: `run_rounds` resumes the coroutines until every one waits for an answer, has the
`Courier` fetch up to a batch of answers in one request, and goes on. So the code that follows pages reads from top to
bottom, while forty Pages' first questions cost three requests.
"""

from collections import deque
from collections.abc import Coroutine, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from watchdaemon.errors import AdapterError
from watchdaemon_adapters._graph.client import Secrets
from watchdaemon_adapters._graph.values import Row

T = TypeVar("T")
Step = Coroutine["Ask | _Together", Any, T]
"""A coroutine that waits for answers of the Graph and for nothing else."""


class AccountClient:
    """One account's token, and what became of it in this fetch. A `GraphClient`."""

    def __init__(self, account: str, secrets: Secrets) -> None:
        self.account = account
        self.secrets = secrets
        self.calls = 0  # HTTP requests this account took part in
        self.stopped_by: AdapterError | None = None

    async def get(self, path: str, params: Mapping[str, str]) -> Row:
        """Return the object at `path` (below the version). Raises AdapterError."""
        return await Ask(client=self, path=path, params=params)

    def stop(self, error: AdapterError) -> None:
        """Have every further question of this account end in `error`, unasked."""
        self.stopped_by = self.stopped_by or error


@dataclass(eq=False, slots=True, kw_only=True)
class Ask:
    """One question, waiting for its answer."""

    client: AccountClient
    path: str
    params: Mapping[str, str]
    failures: int = 0  # answers so far that were none, or the platform's own trouble

    def __await__(self) -> Generator["Ask", Row, Row]:
        """Wait for the answer, or for the error that came instead."""
        return (yield self)


@dataclass(eq=False, slots=True)
class _Together:
    steps: Sequence[Step[Any]]

    def __await__(self) -> Generator["_Together", list[Any], list[Any]]:
        return (yield self)


async def gather(*steps: Step[T]) -> list[T]:
    """Run steps side by side and return their results in order; with errors, raise the first when all have ended."""
    return await _Together(steps) if steps else []


async def attempt(step: Step[T]) -> "T | AdapterError":
    """Run a step and return its result, or its error as a value."""
    try:
        return await step
    except AdapterError as error:
        return error


class Delivery(Protocol):
    """Gets answers."""

    def pick(self, waiting: deque[Ask]) -> list[Ask]:
        """Take from `waiting` what goes into the next request, at least one."""
        ...

    def deliver(self, asks: Sequence[Ask]) -> "list[Row | AdapterError | None]":
        """Return an answer or error per question, in order; None for one to be asked again."""
        ...


@dataclass(eq=False, slots=True)
class _Task(Generic[T]):
    step: Step[T]
    parent: "_Task[Any] | None" = None
    place: int = 0
    missing: int = 0  # children that have not ended
    results: list[Any] = field(default_factory=list)
    error: Exception | None = None


class _Rounds:
    """The tasks, and who waits for what."""

    def __init__(self, steps: Sequence[Step[Any]]) -> None:
        self.ended: deque[Any] = deque()
        self.waiting: deque[Ask] = deque()
        self._tasks: dict[Ask, _Task[Any]] = {}
        self._open: set[_Task[Any]] = set()
        self._ready: deque[tuple[_Task[Any], Any, Exception | None]] = deque()
        for step in steps:
            self._start(_Task(step))

    def run_on(self) -> None:
        """Resume all that can go on."""
        while self._ready:
            task, value, error = self._ready.popleft()
            try:
                wanted = task.step.send(value) if error is None else task.step.throw(error)
            except StopIteration as stop:
                self._end(task, stop.value, None)
            except Exception as trouble:  # noqa: BLE001 - it is the parent's to judge; a root's goes to the caller
                self._end(task, None, trouble)
            else:
                self._wait(task, wanted)

    def answer(self, ask: Ask, answer: "Row | AdapterError | None") -> None:
        """Give a question its answer, or put it back to the others."""
        if answer is None:
            self.waiting.append(ask)
        elif isinstance(answer, AdapterError):
            self._ready.append((self._tasks.pop(ask), None, answer))
        else:
            self._ready.append((self._tasks.pop(ask), answer, None))

    def close(self) -> None:
        """End what still waits: nobody wants the rest any more."""
        for task in list(self._open):
            task.step.close()

    def _start(self, task: _Task[Any]) -> None:
        self._open.add(task)
        self._ready.append((task, None, None))

    def _wait(self, task: _Task[Any], wanted: "Ask | _Together") -> None:
        if isinstance(wanted, Ask):
            self._tasks[wanted] = task
            self.waiting.append(wanted)
            return
        task.missing, task.error = len(wanted.steps), None
        task.results = [None] * len(wanted.steps)
        for place, step in enumerate(wanted.steps):
            self._start(_Task(step, task, place))

    def _end(self, task: _Task[Any], result: object, error: Exception | None) -> None:
        self._open.discard(task)
        parent = task.parent
        if parent is None:
            if error is not None:
                raise error
            self.ended.append(result)
            return
        parent.results[task.place] = result
        parent.error = parent.error or error
        parent.missing -= 1
        if not parent.missing:
            self._ready.append((parent, parent.results, parent.error))


def run_rounds(steps: Sequence[Step[T]], delivery: Delivery) -> Iterator[T]:
    """Run steps to their end and yield each one's result as soon as it is there. What a step raises goes on."""
    rounds = _Rounds(steps)
    try:
        while True:
            rounds.run_on()
            while rounds.ended:
                yield rounds.ended.popleft()
            if not rounds.waiting:
                return
            asks = delivery.pick(rounds.waiting)
            for ask, answer in zip(asks, delivery.deliver(asks), strict=True):
                rounds.answer(ask, answer)
    finally:
        rounds.close()
