"""WebKit's tab, by WebKitGTK's WebDriver on a display that nobody sees."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx

from server.kit.leash import leashed
from tests.browser import environment_in_english
from tests.e2e.deployment import eventually
from tests.widget.engines.tab import PATIENCE, Body, WebDriverTab, as_json, parsed, program

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.widget.engines.tab import Tab

# What may have a role; WebKit is asked for them one by one.
_PARTS = "fieldset, input, textarea, select, button, progress, [role]"
# What it calls native fields for numbers, and native lists.
_ROLES = {"spinbutton": "textbox", "combobox": "button"}
_CARD = "return document.querySelector('drip-question').shadowRoot"


class WebKitTab(WebDriverTab):
    """https://www.w3.org/TR/webdriver2/, as far as it is needed here. Its fingers arrive as a mouse."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._session = ""

    async def begin(self) -> None:
        """Open a session, once the driver listens."""
        await eventually(self._listens, "WebKit's driver listens")
        self._session = (await self._send("POST", "/session", capabilities={}))["sessionId"]

    async def end(self) -> None:
        """Close the browser."""
        await self._command("DELETE")

    async def go_to(self, url: str) -> None:
        """See Tab."""
        await self._command("POST", "/url", url=url)

    async def run(self, expression: str) -> Any:  # noqa: ANN401 - whatever JSON holds
        """See Tab."""
        return parsed(await self._execute(f"return {as_json(expression)}"))

    async def exposes(self, role: str, name: str) -> bool:
        """See Tab."""
        (card,) = (await self._execute(_CARD)).values()
        found = await self._command("POST", f"/shadow/{card}/elements", using="css selector", value=_PARTS)
        for each in found:
            (part,) = each.values()
            if await self._command("GET", f"/element/{part}/computedrole") != _ROLES.get(role, role):
                continue
            if await self._command("GET", f"/element/{part}/computedlabel") == name:
                return True
        return False

    async def perform(self, source: Body) -> None:
        """See WebDriverTab."""
        await self._command("POST", "/actions", actions=[source])

    async def _execute(self, script: str) -> Any:  # noqa: ANN401 - whatever JSON holds
        return await self._command("POST", "/execute/sync", script=script, args=[])

    async def _command(self, method: str, path: str = "", **body: object) -> Any:  # noqa: ANN401
        return await self._send(method, f"/session/{self._session}{path}", **body)

    async def _send(self, method: str, path: str, **body: object) -> Any:  # noqa: ANN401
        response = await self._http.request(method, path, json=body if method == "POST" else None)
        assert response.status_code == httpx.codes.OK, response.text
        return response.json()["value"]

    async def _listens(self) -> bool:
        try:
            return bool((await self._send("GET", "/status"))["ready"])
        except httpx.TransportError:
            return False


@asynccontextmanager
async def webkit_tab() -> AsyncIterator[Tab]:
    """Start the driver and the browser, and end them."""
    driver = program("WebKitWebDriver", package="webkit2gtk-driver")
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    async with _display() as display:
        environment = {
            **environment_in_english(),
            "DISPLAY": display,
            "GDK_BACKEND": "x11",
            "NO_AT_BRIDGE": "1",
            # Containers let nobody make the sandbox; the pages here are our own.
            "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",
        }
        process = await asyncio.create_subprocess_exec(
            *leashed([driver, f"--port={address.partition(':')[2]}"]), env=environment
        )
        try:
            async with httpx.AsyncClient(base_url=f"http://{address}", timeout=PATIENCE) as http:
                tab = WebKitTab(http)
                await tab.begin()
                yield tab
                await tab.end()
        finally:
            process.terminate()
            await process.wait()


@asynccontextmanager
async def _display() -> AsyncIterator[str]:
    """Start an X server in memory, on the first number that is free, and end it."""
    server = program("Xvfb", package="xvfb")
    command = [server, "-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"]
    process = await asyncio.create_subprocess_exec(
        *leashed(command), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdout
    try:
        async with asyncio.timeout(PATIENCE):
            number = await process.stdout.readline()
        yield f":{number.decode().strip()}"
    finally:
        process.terminate()
        await process.wait()
