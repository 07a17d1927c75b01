"""Scopes: a key may what it was given, an admin everything, nobody else anything."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from server.access.model import NOBODY, Scope
from server.access.service import require_scope
from server.kit.errors import ForbiddenError
from tests.factories.access import ADMIN, app_viewer, person_viewer, widget_viewer

if TYPE_CHECKING:
    from server.access.model import Viewer


@pytest.mark.parametrize(("held", "asked"), [*product(sorted(set(Scope) - {Scope.ADMIN}), Scope)])
def test_scope_allows_itself_and_nothing_else(held: Scope, asked: Scope) -> None:
    viewer = app_viewer(held)

    assert viewer.has_scope(asked) == (held is asked)


@pytest.mark.parametrize("asked", Scope)
def test_admin_includes_every_scope(asked: Scope) -> None:
    require_scope(ADMIN, asked)

    assert ADMIN.has_scope(asked)


@pytest.mark.parametrize("viewer", [NOBODY, widget_viewer(), person_viewer("prf_1"), app_viewer()])
def test_who_has_no_key_with_scopes_has_none(viewer: Viewer) -> None:
    for scope in Scope:
        with pytest.raises(ForbiddenError, match=f"the scope {scope.value}"):
            require_scope(viewer, scope)
