"""The schema, made of everything in this folder."""

from __future__ import annotations

import strawberry
from strawberry.schema.config import StrawberryConfig

from server.graphql.access import ApiKey
from server.graphql.definitions import AttributeDefinition
from server.graphql.errors import HANDLERS
from server.graphql.mutations import Mutation
from server.graphql.profiles import Profile
from server.graphql.queries import Query
from server.graphql.question_sets import QuestionSet
from server.graphql.subscriptions import Subscription


def build_schema() -> strawberry.Schema:
    """Return the schema."""
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[Profile, AttributeDefinition, QuestionSet, ApiKey],
        exception_handlers=list(HANDLERS),
        config=StrawberryConfig(),
    )


def print_schema() -> str:
    """Return the schema as it lies in `schema.graphql`."""
    return build_schema().as_str() + "\n"
