"""Firefox's tab, by WebDriver BiDi, which it speaks without a driver in between."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import tempfile
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from websockets.asyncio.client import ClientConnection, connect

from server.kit.leash import leashed
from tests.widget.engines.tab import PATIENCE, Body, WebDriverTab, as_json, parsed, program

if TYPE_CHECKING:
    from asyncio import StreamReader
    from collections.abc import AsyncIterator

    from tests.widget.engines.tab import Tab

_LISTENING = re.compile(rb"WebDriver BiDi listening on (ws://\S+)")
_CARD = "document.querySelector('drip-question').shadowRoot"


class FirefoxTab(WebDriverTab):
    """https://w3c.github.io/webdriver-bidi/, as far as it is needed here."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._numbers = itertools.count()
        self._context = ""

    async def begin(self) -> None:
        """Open a session, and a tab of its own."""
        await self._send("session.new", capabilities={})
        self._context = (await self._send("browsingContext.create", type="tab"))["context"]

    async def go_to(self, url: str) -> None:
        """See Tab."""
        await self._send("browsingContext.navigate", context=self._context, url=url, wait="complete")

    async def run(self, expression: str) -> Any:  # noqa: ANN401 - whatever JSON holds
        """See Tab."""
        return parsed((await self._evaluate(as_json(expression)))["value"])

    async def exposes(self, role: str, name: str) -> bool:
        """See Tab."""
        inside = {"sharedId": (await self._evaluate(_CARD))["sharedId"]}
        wanted = {"type": "accessibility", "value": {"role": role, "name": name}}
        found = await self._send(
            "browsingContext.locateNodes", context=self._context, locator=wanted, startNodes=[inside]
        )
        return bool(found["nodes"])

    async def perform(self, source: Body) -> None:
        """See WebDriverTab."""
        await self._send("input.performActions", context=self._context, actions=[source])

    async def _evaluate(self, expression: str) -> Body:
        target = {"context": self._context}
        outcome = await self._send("script.evaluate", expression=expression, target=target, awaitPromise=True)
        assert outcome["type"] == "success", outcome
        result: Body = outcome["result"]
        return result

    async def _send(self, method: str, **params: object) -> Body:
        number = next(self._numbers)
        await self._connection.send(json.dumps({"id": number, "method": method, "params": params}))
        async with asyncio.timeout(PATIENCE):
            # Events are not asked for; whatever else comes is passed over.
            while (reply := json.loads(await self._connection.recv())).get("id") != number:
                pass
        assert reply["type"] == "success", reply
        result: Body = reply["result"]
        return result


@asynccontextmanager
async def firefox_tab() -> AsyncIterator[Tab]:
    """Start the browser with an empty profile, and end it."""
    path = program("firefox-esr", "firefox", package="firefox-esr")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [path, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"]
        process = await asyncio.create_subprocess_exec(
            *leashed(command), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        try:
            assert process.stdout
            address = await _address_in(process.stdout)
            async with _drained(process.stdout), connect(f"{address}/session", max_size=None) as connection:
                tab = FirefoxTab(connection)
                await tab.begin()
                yield tab
        finally:
            process.terminate()
            await process.wait()


async def _address_in(output: StreamReader) -> str:
    async with asyncio.timeout(PATIENCE):
        while line := await output.readline():
            if found := _LISTENING.search(line):
                return found[1].decode()
    message = "Firefox ended before it listened."
    raise AssertionError(message)


@asynccontextmanager
async def _drained(output: StreamReader) -> AsyncIterator[None]:
    """Read on: a pipe that nobody reads stops whoever writes to it."""
    reading = asyncio.create_task(output.read())
    yield
    reading.cancel()
