"""The GraphQL schema: the only home of Strawberry."""

import server.graphql.enums  # noqa: F401 - before any type mentions an enum
