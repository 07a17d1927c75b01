"""Moments as clients write them: without an offset they are of UTC, where they lie in the years 1 to 9999."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

from strawberry.exceptions import StrawberryInputCoercionError
from strawberry.schema.types.base_scalars import DateTimeDefinition


def _read(value: object) -> datetime:
    moment = cast("datetime", DateTimeDefinition.parse_value(value))  # type: ignore[misc] # it has one
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        message = f'Value cannot represent a DateTime: "{value}". In UTC it is not in the years 1 to 9999.'
        raise StrawberryInputCoercionError(message) from None


MOMENT = replace(DateTimeDefinition, parse_value=_read)
