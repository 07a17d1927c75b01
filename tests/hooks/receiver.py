"""A server on this machine that hooks call: checks signatures by hand, and answers as it is told."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came in."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    def is_signed_by(self, secret: str) -> bool:
        """Whether one of the signatures is of this secret, by the words of the specification."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        parts = (self.headers["webhook-id"].encode(), self.headers["webhook-timestamp"].encode(), self.body)
        expected = base64.b64encode(hmac.new(key, b".".join(parts), hashlib.sha256).digest()).decode()
        return f"v1,{expected}" in self.headers["webhook-signature"].split(" ")


@dataclass
class Receiver:
    """Keeps what it gets, and answers each request with the next of `answers`, in the end with the last."""

    url: str
    answers: list[bytes] = field(default_factory=lambda: [answer(204)])
    requests: list[Received] = field(default_factory=list)

    @property
    def types(self) -> list[str]:
        return [each.json["type"] for each in self.requests]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head)}
        body = await reader.readexactly(int(headers["content-length"]))
        self.requests.append(Received(headers, body))
        given = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        writer.write(given)
        if given is HANG:
            await reader.read()  # until who asked goes away
        writer.close()


HANG = b""  # as an answer: none ever comes


def answer(status: int, body: object = None, **headers: str) -> bytes:
    """Return an answer as it goes over the wire."""
    content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"content-length": str(len(content)), "connection": "close", **headers}
    lines = [f"HTTP/1.1 {status} X", *(f"{name.replace('_', '-')}: {each}" for name, each in given.items())]
    return "\r\n".join([*lines, "", ""]).encode() + content


@asynccontextmanager
async def running_receiver() -> AsyncIterator[Receiver]:
    """Run a receiver on a free port."""
    receiver = Receiver(url="")
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hooks"
    async with server:
        yield receiver
