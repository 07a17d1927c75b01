"""The schema, made of everything in this folder."""

from __future__ import annotations

import strawberry
from strawberry.federation import Schema
from strawberry.federation.schema import FederationAny
from strawberry.schema.config import StrawberryConfig

from server.graphql.access import ApiKey
from server.graphql.definitions import AttributeDefinition
from server.graphql.errors import HANDLERS
from server.graphql.mutations import Mutation
from server.graphql.profiles import Profile
from server.graphql.queries import Query
from server.graphql.question_sets import QuestionSet
from server.graphql.subscriptions import Subscription

_ANY = strawberry.scalar(
    name="_Any",
    description="What a gateway knows of an object: its `__typename` and the fields of a key.",
    serialize=lambda value: value,
    parse_value=lambda value: value,
)


def build_schema() -> Schema:
    """Return the schema."""
    return Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        scalar_overrides={FederationAny: _ANY},
        types=[Profile, AttributeDefinition, QuestionSet, ApiKey],
        exception_handlers=list(HANDLERS),
        config=StrawberryConfig(enable_experimental_incremental_execution=True),
    )


def print_schema() -> str:
    """Return the schema as it lies in `schema.graphql`: for gateways, and tools that know no federation."""
    return build_schema().as_str() + _DIRECTIVES


# Composition knows these by itself; to all other tools a directive that nobody defined is an error.
_DIRECTIVES = """

\"\"\"Which specification a schema follows, and what it takes from it.\"\"\"
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA

\"\"\"By which fields other graphs know an object.\"\"\"
directive @key(fields: federation__FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE

\"\"\"What is taken from a specification.\"\"\"
scalar link__Import

\"\"\"What a specification is followed for.\"\"\"
enum link__Purpose {
  \"\"\"Access to what is secret.\"\"\"
  SECURITY

  \"\"\"The right execution of operations.\"\"\"
  EXECUTION
}

\"\"\"Fields of one object, as a selection without its braces.\"\"\"
scalar federation__FieldSet
"""
