"""What completes the values of an output type: one closure for each layer of lists, none for non-null."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql import (
    GraphQLList,
    GraphQLNonNull,
    is_abstract_type,
    is_leaf_type,
    is_object_type,
)

from server.graphql.executor import abstract, leaves, lists, objects

if TYPE_CHECKING:
    from graphql import GraphQLOutputType

    from server.graphql.executor.objects import Select
    from server.graphql.executor.site import Complete, Site


def compile_completion(site: Site, type_: GraphQLOutputType, select: Select) -> Complete:
    """Return what completes values where one of this type should be."""
    on_null = site.on_null(type_)
    nullable = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    if isinstance(nullable, GraphQLList):
        complete_one = _item(site, nullable.of_type, select)
        as_they_are = leaves.types_complete_as_they_are(nullable.of_type)
        return lists.complete_list(
            site,
            on_null,
            lists.complete_items(as_they_are, complete_one),
            lists.complete_stream(complete_one),
        )
    if is_abstract_type(nullable):
        return abstract.complete_abstract(site, nullable, on_null, select)
    if is_object_type(nullable):
        return objects.complete_object(site, nullable, on_null, select)
    assert is_leaf_type(nullable)  # noqa: S101 - no other output type is left
    return leaves.complete_leaf(nullable, on_null, site.scope.plain)


def _item(site: Site, type_: GraphQLOutputType, select: Select) -> lists.CompleteItem:
    complete = compile_completion(site, type_, select)
    return leaves.short_cut(type_, lists.complete_item(site, complete, site.fail(type_)))
