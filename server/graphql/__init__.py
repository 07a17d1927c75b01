"""The GraphQL schema: the only home of Strawberry."""
