"""The page on hooks: its operations are valid, and its receiver works as it stands there."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import sys
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
from graphql import build_schema, parse, validate

from server.graphql.schema import print_schema
from tests.hooks.world import act, create
from tests.test_architecture import ROOT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.api import Api

PAGE = (ROOT / "docs/hooks.md").read_text()


@asynccontextmanager
async def _running(secret: str) -> AsyncIterator[str]:
    """Run the page's receiver and yield its address."""
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = {**os.environ, "HOOK_SECRET": secret, "PORT": str(port)}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        program,
        env=given,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(20):
            while not await _listens(port):
                pass
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.kill()
        await process.communicate()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def test_operations_of_the_page_are_valid() -> None:
    schema = build_schema(print_schema())

    blocks = re.findall(r"```graphql\n(.*?)```", PAGE, flags=re.DOTALL)

    assert blocks
    assert [validate(schema, parse(block)) for block in blocks] == [[]] * len(blocks)


async def test_receiver_of_the_page_takes_what_we_sign_and_nothing_else(api_now: Api) -> None:
    made = await create(api_now, "http://127.0.0.1:1/", "USER_CREATED")
    async with _running(made["secret"]) as url:
        await act(api_now, "updateHook", key="crm", expectedVersion=1, url=url)

        tried = await act(api_now, "testHook", key="crm")
        headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(datetime.now(UTC).timestamp()))}
        async with httpx.AsyncClient(trust_env=False) as client:
            forged = await client.post(
                url, content=b"{}", headers={**headers, "webhook-signature": "v1,AAAA"}
            )

    assert (tried["response"], forged.status_code) == ("SUCCESS", 401)
