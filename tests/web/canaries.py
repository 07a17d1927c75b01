"""Secrets that are watched: where each was handed out, and everything in which it must not turn up again."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit

if TYPE_CHECKING:
    import httpx
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from server.kit.mongo import Database


@dataclass(slots=True)
class Watch:
    """What was said in a story, and its secrets by name."""

    secrets: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def keep(self, name: str, secret: str) -> str:
        """Watch a secret from here on: what was said before may have handed it out."""
        assert len(secret) > 15, f"{name} is too short to be told from chance: {secret!r}"
        self.secrets[f"{name} {len(self.secrets)}"] = secret
        return secret

    async def hear(self, response: httpx.Response) -> None:
        """Note an answer, and afterwards watch what it handed out."""
        await response.aread()
        self.said.append(_text_of(response))

    def handed_out_twice(self) -> dict[str, int]:
        """Return the secrets that more than one answer holds, with how many."""
        counts = {
            name: sum(_is_in(secret, each) for each in self.said) for name, secret in self.secrets.items()
        }
        return {name: count for name, count in counts.items() if count > 1}

    def found_in(self, text: str) -> list[str]:
        """Return which secrets stand in a text."""
        return [name for name, secret in self.secrets.items() if _is_in(secret, text)]


class Overheard:
    """An identity provider, with all secrets that it says and hears kept; made once its address is known."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and listen."""
        assert self.app is not None

        async def overheard(message: Message) -> None:
            if scope["path"].endswith("/token") and message["type"] == "http.response.body":
                said = json.loads(message["body"])
                for name in ("access_token", "id_token"):
                    if name in said:
                        self._watch.keep(f"provider's {name}", said[name])
            await send(message)

        async def heard() -> Message:
            message = await receive()
            if scope["path"].endswith("/token") and message["type"] == "http.request":
                form = parse_qs(message["body"].decode())
                for name in ("code", "code_verifier"):
                    for value in form.get(name, []):
                        self._watch.keep(f"provider's {name}", value)
            return message

        await self.app(scope, heard, overheard)


async def everything_stored(database: Database) -> str:
    """Return all documents of all collections as one text."""
    names = await database.list_collection_names()
    return "\n".join([str(each) for name in names async for each in database[name].find()])


def parameters_in(url: str) -> dict[str, str]:
    """Return what stands in the query and in the fragment of a URL."""
    parts = urlsplit(url)
    return {name: values[0] for name, values in {**parse_qs(parts.query), **parse_qs(parts.fragment)}.items()}


def _text_of(response: httpx.Response) -> str:
    """Return status, headers and body, without the cookie that every page of sign-in sets anew."""
    cookie = "__Host-acquaint_sign_in="
    headers = [each for each in response.headers.multi_items() if not each[1].startswith(cookie)]
    return f"{response.status_code} {headers} {response.text}"


def _is_in(secret: str, text: str) -> bool:
    return secret in text or quote(secret, safe="") in text
