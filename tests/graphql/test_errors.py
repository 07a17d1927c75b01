"""Every failure that a caller can expect has a type in the schema, or a status of HTTP."""

from __future__ import annotations

import pytest

from server.access.errors import AuthenticationError, TooManyRequestsError
from server.backups.errors import BackupError
from server.bulk.errors import FileError, RowError
from server.graphql.errors import HANDLERS
from server.identity.errors import UnknownProviderError, UnknownSignInError
from server.kit.errors import ExpectedError
from server.kit.following import LostTrackError
from server.migrations.errors import MigrationError
from tests.own_classes import own_subclasses

# Told elsewhere: by HTTP's 401, 403 and 429, on a page of sign-in, on the command line, in a file of rejects.
OUTSIDE_GRAPHQL = (
    FileError,
    RowError,
    BackupError,
    MigrationError,
    AuthenticationError,
    TooManyRequestsError,
    UnknownSignInError,
    UnknownProviderError,
    LostTrackError,
)


def test_every_expected_error_has_a_type_in_the_schema() -> None:
    shown = tuple(handler.exception_type for handler in HANDLERS)

    missing = [
        name
        for name, error in own_subclasses(ExpectedError).items()
        if not issubclass(error, (*shown, *OUTSIDE_GRAPHQL))
    ]

    assert missing == []


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda handler: handler.error_type.__name__)
def test_error_is_called_the_same_in_the_schema_as_in_the_services(handler: object) -> None:
    exception_type, error_type = handler.exception_type, handler.error_type  # type: ignore[attr-defined] # _Handler

    assert error_type.__name__ == exception_type.__name__


def test_more_particular_error_is_shown_as_itself() -> None:
    order = [handler.exception_type for handler in HANDLERS]

    hidden = [
        later.__name__
        for place, later in enumerate(order)
        if any(issubclass(later, earlier) for earlier in order[:place])
    ]

    assert hidden == []
