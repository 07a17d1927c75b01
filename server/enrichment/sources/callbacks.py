"""Providers that answer later: an address that nobody can guess, good for one answer."""

from __future__ import annotations

import hmac
from dataclasses import replace
from typing import TYPE_CHECKING

import orjson

from server.enrichment.model import NoMatch, OutcomeClass, Trouble
from server.enrichment.sources.callback_store import Owed
from server.enrichment.sources.classifying import classify, document_of
from server.enrichment.sources.source import Callback, result_of
from server.kit.calling import Answer
from server.kit.signing import is_same, new_secret, secret_hash

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from server.enrichment.model import Result
    from server.enrichment.sources.callback_store import CallbackStore
    from server.enrichment.sources.source import HttpSource
    from server.enrichment.sources.spec import Signature, Webhook
    from server.kit.clock import Clock

PATH = "/enrichment/callback"


class Callbacks:
    """Hands out the addresses, and notes for whom an answer is owed."""

    def __init__(self, *, store: CallbackStore, public_url: str, clock: Clock) -> None:
        self._store = store
        self._public_url = public_url
        self._clock = clock

    def begin(self, _: str) -> Callback:
        """Return an address for one answer; of the token in it only a hash is ever kept."""
        token = new_secret("clb")
        return Callback(url=f"{self._public_url}{PATH}/{token}", reference=secret_hash(token))

    async def owe(self, profile_id: str, enricher_key: str, reference: str) -> None:
        """Note that a provider will answer under this reference."""
        await self._store.put(
            Owed(
                reference=reference,
                enricher_key=enricher_key,
                profile_id=profile_id,
                since=self._clock(),
            )
        )

    async def find(self, token: str) -> Owed | None:
        """Return what is owed at this address."""
        return await self._store.find(secret_hash(token))

    async def settle(self, owed: Owed) -> None:
        """Note that it was answered."""
        await self._store.delete(owed.reference)

    def posted(
        self, source: HttpSource, owed: Owed, headers: Mapping[str, str], body: bytes
    ) -> Result | None:
        """Return what was posted as a result; None where it is late, or not signed as it should be."""
        webhook = source.spec.webhook
        if webhook is None or self._clock() > owed.since + webhook.within:
            return None
        if webhook.signature is not None and not _is_signed(webhook.signature, source.secrets, headers, body):
            return None
        return _result(source, webhook, Answer(status=200, headers=headers, body=body), self._clock())


def _result(source: HttpSource, webhook: Webhook, answer: Answer, now: datetime) -> Result:
    """Read what was posted as the provider's answer, from where the webhook says that it stands."""
    spec = source.spec
    posted = document_of(spec, answer)
    if posted is None:
        return Trouble(reason="what was posted is not JSON", kind=OutcomeClass.CONTRACT)
    if webhook.when is not None and not webhook.when.holds(posted):
        return NoMatch()
    inner = posted if webhook.root is None else webhook.root.of(posted)
    return result_of(spec, classify(spec, replace(answer, body=orjson.dumps(inner)), now))


def _is_signed(
    signature: Signature, secrets: Mapping[str, str], headers: Mapping[str, str], body: bytes
) -> bool:
    """Whether the raw body carries the HMAC that the provider makes of it."""
    secret = secrets[signature.secret]
    if signature.key_after and signature.key_after in secret:
        secret = secret.partition(signature.key_after)[2]
    expected = signature.prefix + hmac.new(secret.encode(), body, signature.algorithm).hexdigest()
    return is_same(headers.get(signature.header.lower(), ""), expected)
