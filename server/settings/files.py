"""Settings that stand in files: as Docker and Kubernetes hand out secrets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from server.settings.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

_OURS, _ENDING = "ACQUAINT_", "_FILE"
_MOST_BYTES = 1024 * 1024  # what an orchestrator lets a secret be


def with_files(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with each ACQUAINT_X that ACQUAINT_X_FILE names a file for; raise SettingsError.

    Editors and `echo` end a file with a line break, which is no part of what stands in it.
    """
    files = {name.removesuffix(_ENDING): environ[name] for name in environ if _is_file(name)}
    for name in files:
        if environ.get(name):
            raise SettingsError(f"{name} and {name}{_ENDING} are both set: one of them has to go.")
    return {**environ, **{name: _content(name, Path(path)) for name, path in files.items() if path}}


def _is_file(name: str) -> bool:
    return name.startswith(_OURS) and name.endswith(_ENDING)


def _content(name: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise SettingsError(f"{name}{_ENDING} names {path}, which is larger than a mebibyte.")
        return content.decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{name}{_ENDING} names {path}, which can't be read ({type(error).__name__})."
        raise SettingsError(message) from None
