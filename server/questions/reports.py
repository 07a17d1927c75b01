"""What a page tells of an ask: what of it can be, and what of it is kept. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.kit.errors import InvalidInputError

if TYPE_CHECKING:
    from server.questions.model import AskReport

_MAX_PAGE = 500  # characters
_MAX_MILLISECONDS = 7 * 24 * 3_600_000


def check_report(report: AskReport) -> None:
    """Raise InvalidInputError for what can't be."""
    if report.page is not None and len(report.page) > _MAX_PAGE:
        raise InvalidInputError(f"`page` has up to {_MAX_PAGE} characters.", field="page")
    if report.milliseconds is not None and not 0 <= report.milliseconds <= _MAX_MILLISECONDS:
        raise InvalidInputError("`milliseconds` is between nothing and a week.", field="milliseconds")


def bare_page(page: str) -> str:
    """Return an address without what follows its path: queries and fragments carry secrets and names."""
    return page.partition("#")[0].partition("?")[0]
