"""One field of a selection: how its value is got, and what is left to do then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import CoroutineType
from typing import TYPE_CHECKING, Any, NamedTuple

from graphql import default_field_resolver

from server.graphql.executor import waiting
from server.graphql.executor.arguments import compile_arguments
from server.graphql.executor.complete import compile_completion
from server.graphql.executor.leaves import short_cut, types_complete_as_they_are
from server.graphql.executor.plain import is_pending
from server.graphql.executor.plans import FieldPlan, Read, Resolve

if TYPE_CHECKING:
    from server.graphql.executor.objects import Select
    from server.graphql.executor.paths import Path
    from server.graphql.executor.run import Run
    from server.graphql.executor.site import Complete, Fail, Finish, Site


class Step(NamedTuple):
    """What a selection does about one field.

    With `read`, that gets the value, values of `as_they_are` are done, and `finish` takes the others.
    Without, `finish` takes the source.
    """

    key: str
    read: Callable[[Any], Any] | None
    as_they_are: frozenset[type]
    finish: Finish
    fail: Fail


def compile_field(site: Site, select: Select) -> Step:
    """Return the step for a field."""
    type_ = site.definition.type
    fail = site.fail(type_)
    finish = _finish(site, compile_completion(site, type_, select), fail)
    plan = _plan(site)
    if isinstance(plan, Resolve):
        return Step(site.key, None, frozenset(), _resolve(site, plan, short_cut(type_, finish)), fail)
    as_they_are = types_complete_as_they_are(type_)
    if isinstance(plan, Read):
        return Step(site.key, plan.from_source, as_they_are, short_cut(type_, finish), fail)
    return Step(
        site.key, _read_by_default(site.name), as_they_are, short_cut(type_, _call(site, finish)), fail
    )


def _plan(site: Site) -> FieldPlan | None:
    """Return what is known of a field; None for graphql-core's default resolver without arguments."""
    typename = site.parent_type.name
    if site.name == "__typename":
        return Read(lambda _source: typename)
    if not site.name.startswith("__") and not typename.startswith("__"):
        planned = site.scope.planner.plan_field(site.parent_type, site.name, site.definition)
        if planned is not None:
            return planned
    if site.definition.resolve is not None:
        return Resolve(site.definition.resolve)
    return Resolve(default_field_resolver) if site.definition.args else None


def _finish(site: Site, complete: Complete, fail: Fail) -> Finish:
    key, typename, plain = site.key, site.parent_type.name, site.scope.plain

    def finish(value: Any, path: Path | None, run: Run) -> Any:  # noqa: ANN401
        position = (path, key, typename)
        if type(value) not in plain and is_pending(value, plain):
            return waiting.completed(value, complete, fail, position, run)
        completed = complete(value, position, run)
        if type(completed) is CoroutineType:
            return waiting.guarded(completed, fail, position, run)
        return completed

    return finish


def _resolve(site: Site, plan: Resolve, finish: Finish) -> Finish:
    resolver, needs_info = plan.resolver, plan.needs_info
    arguments = compile_arguments(site)
    key, typename = site.key, site.parent_type.name

    def resolve(source: Any, path: Path | None, run: Run) -> Any:  # noqa: ANN401
        run.resolved += 1
        info = site.info((path, key, typename), run) if needs_info else None
        if arguments is None:
            return finish(resolver(source, info), path, run)
        return finish(resolver(source, info, **arguments(run.variables)), path, run)

    return resolve


def _read_by_default(name: str) -> Callable[[Any], Any]:
    """Return what reads, as the default resolver does, an item of a mapping or an attribute of the rest."""
    no_mapping: type | None = None  # the class of the latest source that was none: mostly of the next one too

    def read(source: Any) -> Any:  # noqa: ANN401
        nonlocal no_mapping
        kind = type(source)
        if kind is not no_mapping:
            if kind is dict or isinstance(source, Mapping):
                return source.get(name)
            if source.__class__ is kind:  # a proxy may stand for a mapping one day
                no_mapping = kind
        return getattr(source, name, None)

    return read


def _call(site: Site, finish: Finish) -> Finish:
    """Return what finishes a value that may be a method, which the default resolver calls."""
    key, typename, plain = site.key, site.parent_type.name, site.scope.plain

    def call(value: Any, path: Path | None, run: Run) -> Any:  # noqa: ANN401
        if type(value) not in plain and callable(value):
            value = value(site.info((path, key, typename), run))
        return finish(value, path, run)

    return call
