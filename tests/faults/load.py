"""Clients that go on while things break: each request is sent until it is acknowledged, or given up at once.

What was acknowledged is written down, and what was not: nobody may say afterwards what became of that, save
that it was done whole or not at all.
"""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from tests.faults.world import ORIGIN, PATIENCE, eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_REQUEST_SECONDS = 25.0  # longer than an operation may take
_PAUSE_SECONDS = 0.05  # before another server is tried
_MOST_PATIENT = 0.8  # of the clients' acts; others are given up at the first trouble

START = """mutation { startVisit(input: {}) { ... on StartVisitSuccess {
  viewerToken profile { id } next { ask { id } } } } }"""
NEXT = "{ nextQuestion { state ask { id } } }"
ANSWER = """mutation ($ask: ID!, $value: JSON!) { answerQuestion(input: {askId: $ask, value: $value}) {
  __typename ... on AnswerQuestionSuccess { outcome } ... on UserError { message } } }"""
TELL = """mutation ($user: String!, $email: JSON!) { setAttributes(input: {profile: {userId: $user},
  attributes: [{key: "email", value: $email}], createIfMissing: true}) {
  __typename ... on SetAttributesSuccess { profile { id } } ... on UserError { message } } }"""
TRACK = """mutation ($user: String!, $key: String!) { trackEvent(input: {profile: {userId: $user},
  name: "bought", idempotencyKey: $key, createIfMissing: true}) {
  __typename ... on TrackEventSuccess { isReplay } ... on UserError { message } } }"""
READ = """query ($user: String!) { profile(by: {userId: $user}) { id
  attributes(keys: ["email"]) { value } } }"""


class GivenUpError(Exception):
    """A client did not wait for an acknowledgement."""


@dataclass(slots=True)
class Told:
    """What clients told of, by what they know it by; values only where there is one to find again."""

    tried: dict[str, str] = field(default_factory=dict)
    acknowledged: dict[str, str] = field(default_factory=dict)


@dataclass
class Load:
    """Some clients on some servers; `answers` by ask, `emails` by user, `events` by key."""

    servers: Sequence[str]
    publishable_key: str
    app_key: str
    seed: int
    clients: int = 9
    thinking_seconds: float = 0.02  # of each client between two acts
    pace: float | None = None  # requests a second of all clients together; as fast as they can where None
    answers: Told = field(default_factory=Told)
    emails: Told = field(default_factory=Told)
    events: Told = field(default_factory=Told)
    replies: Counter[str] = field(default_factory=Counter)
    acknowledged_at: list[float] = field(default_factory=list)
    _next_turn: float = 0.0
    _turns: threading.Lock = field(default_factory=threading.Lock)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _troubles: list[BaseException] = field(default_factory=list)

    def start(self) -> None:
        """Let all clients begin."""
        works = (_Client.answer, _Client.answer, _Client.tell)
        for number in range(self.clients):
            client = _Client(self, number)
            thread = threading.Thread(target=self._repeat, args=(client, works[number % len(works)]))
            self._threads.append(thread)
            thread.start()

    def end(self) -> None:
        """Let all clients go; what is under way is given up at its next trouble."""
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE)
        assert self._troubles == []

    def wait_for_more(self, count: int) -> None:
        """Return once so many more writes are acknowledged."""
        target = len(self.acknowledged_at) + count
        eventually(lambda: bool(self._troubles) or len(self.acknowledged_at) >= target, "writes succeed")
        assert self._troubles == []

    @property
    def is_over(self) -> bool:
        """Whether clients are to go."""
        return self._stop.is_set()

    def rest(self, seconds: float) -> None:
        """Wait, unless clients are to go."""
        self._stop.wait(seconds)

    def await_turn(self) -> None:
        """Wait as long as it takes to keep the pace."""
        if self.pace is None:
            return
        with self._turns:
            now = time.monotonic()
            turn = max(now, self._next_turn)
            self._next_turn = turn + 1 / self.pace
        self.rest(turn - now)

    def longest_silence(self, since: float) -> float:
        """Return the seconds for which, from then on, no write was acknowledged."""
        moments = [since, *(each for each in self.acknowledged_at if each > since)]
        return max((later - earlier for earlier, later in itertools.pairwise(moments)), default=0.0)

    def _repeat(self, client: _Client, work: Callable[[_Client, str], None]) -> None:
        try:
            for n in range(1_000_000):
                if self.is_over:
                    return
                try:
                    work(client, f"{self.seed}-{client.number}-{n}")
                except GivenUpError:
                    continue
                self.rest(self.thinking_seconds)
        except BaseException as error:  # noqa: BLE001 - shown by whoever runs this
            self._troubles.append(error)
        finally:
            client.http.close()


class _Client:
    """One client with a connection of its own; it goes to the next server where one does not answer."""

    def __init__(self, load: Load, number: int) -> None:
        self.number = number
        self.http = httpx.Client(timeout=_REQUEST_SECONDS)
        self._load = load
        self._server = number
        self._random = random.Random(f"{load.seed}-{number}")  # noqa: S311 - a seed, no secret

    def answer(self, name: str) -> None:
        """Begin a visit, look, and answer; some answers are sent once more."""
        load = self._load
        started = self._ask(load.publishable_key, START, {}, origin=ORIGIN)["startVisit"]
        token, ask = started["viewerToken"], started["next"]["ask"]["id"]
        self._ask(token, NEXT, {}, origin=ORIGIN)
        given = {"ask": ask, "value": name}
        load.answers.tried[ask] = name
        self._write(token, ANSWER, given, origin=ORIGIN)
        load.answers.acknowledged[ask] = name
        if self._random.random() < 0.2:
            self._ask(token, ANSWER, given, origin=ORIGIN)

    def tell(self, name: str) -> None:
        """Tell of somebody's address and of what they did, and read them back."""
        load = self._load
        user, email = f"user-{name}", f"{name}@acme-{name}.com"
        load.emails.tried[user] = email
        self._write(load.app_key, TELL, {"user": user, "email": email})
        load.emails.acknowledged[user] = email
        load.events.tried[f"key-{name}"] = user
        self._write(load.app_key, TRACK, {"user": user, "key": f"key-{name}"})
        load.events.acknowledged[f"key-{name}"] = user
        self._ask(load.app_key, READ, {"user": user})

    def _write(self, token: str, query: str, variables: dict[str, Any], *, origin: str | None = None) -> None:
        (result,) = self._ask(token, query, variables, origin=origin).values()
        assert result["__typename"].endswith("Success"), result
        self._load.acknowledged_at.append(time.monotonic())

    def _ask(
        self, token: str, query: str, variables: dict[str, Any], *, origin: str | None = None
    ) -> dict[str, Any]:
        """Return the data of an operation, sent again as long as it takes or as the client cares."""
        headers = {"Authorization": f"Bearer {token}", **({"Origin": origin} if origin else {})}
        is_patient = self._random.random() < _MOST_PATIENT
        while True:
            pause = self._try(headers, {"query": query, "variables": variables})
            if isinstance(pause, dict):
                return pause
            if self._load.is_over or not is_patient:
                raise GivenUpError
            self._load.rest(pause)

    def _try(self, headers: dict[str, str], body: dict[str, Any]) -> dict[str, Any] | float:
        """Return data, or after how many seconds to try again."""
        servers, replies = self._load.servers, self._load.replies
        self._load.await_turn()
        try:
            reply = self.http.post(
                f"{servers[self._server % len(servers)]}/graphql", json=body, headers=headers
            )
        except httpx.TransportError:
            self._server += 1
            replies["no connection"] += 1
            return _PAUSE_SECONDS
        said = reply.json()
        if reply.status_code == httpx.codes.OK and "errors" not in said:
            replies["OK"] += 1
            data: dict[str, Any] = said["data"]
            return data
        replies[f"{reply.status_code} {said['errors'][0].get('extensions', {}).get('code')}"] += 1
        self._server += 1
        return float(reply.headers.get("Retry-After", _PAUSE_SECONDS))
