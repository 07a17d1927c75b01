"""Runs the certified provider beside the tests."""

from __future__ import annotations

import contextlib
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_FOLDER = Path(__file__).parent

CLIENT_ID = "acquaint"
CLIENT_SECRET = "a-secret-of-the-tests-0123456789ab"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertifiedProvider:
    """A running provider. `post [name=login]` on its page signs in alice, mallory or nemo."""

    issuer: str


@contextlib.contextmanager
def running_provider(redirect_uris: Sequence[str]) -> Iterator[CertifiedProvider]:
    """Run the provider on a free port for as long as the block lasts; it ends with us, however we end."""
    if not (_FOLDER / "node_modules").is_dir():
        pytest.fail("The OpenID provider of the tests is not installed: run `make test`, which does it.")
    options = json.dumps({"port": 0, "redirectUris": list(redirect_uris)})
    command = ["node", "provider.mjs", options]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=_FOLDER, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL
    ) as process:
        try:
            assert process.stdout is not None
            issuer = process.stdout.readline().decode().strip()
            assert issuer, "the provider ended before it was ready"
            yield CertifiedProvider(issuer=issuer)
        finally:
            process.kill()
