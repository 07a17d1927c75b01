"""The rules for what an author writes, published or not. Pure."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from server.access.model import PLACEMENT
from server.kit.errors import InvalidInputError
from server.profiles.tallies import WHAT_AN_EVENT_IS_CALLED, is_event_name
from server.questions.wording import LANGUAGE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.questions.model import Budget, Experiment, Question, SetContent, Translation

_KEY = re.compile(r"[a-z][a-z0-9_]{0,62}")
_MAX_NAME = 200  # characters
_MAX_PROMPT = 500  # characters; a drip question is one sentence
_MAX_QUESTIONS = 100
_PLACEMENT = re.compile(PLACEMENT)
_MAX_PLACEMENTS = 20
_MAX_PER_VISIT = 20
MOST_PACE = 1_000  # in a visit, a day, a week
_MAX_PRIORITY = 1_000
_MAX_OPTIONS = 200
_MAX_LANGUAGES = 50
_MAX_BRANCHES = 20
_MAX_VARIANTS = 10
_MAX_WEIGHT = 1_000
_SCALES = (2, 10)
_LONGEST = timedelta(days=3_650)
_MOST_PATIENCE = timedelta(minutes=5)


def check_key(key: str) -> None:
    """Raise InvalidInputError for a key that is not one."""
    if not _KEY.fullmatch(key):
        message = (
            f"{key[:80]!r} is no key: start with a small letter, go on with small letters, digits and _."
        )
        raise InvalidInputError(message, field="key")


def check_content(content: SetContent) -> None:
    """Raise InvalidInputError for the first thing that is wrong with what an author wrote."""
    _check_length("name", content.name, _MAX_NAME)
    _check_placements(content.placements)
    _check_range("priority", content.priority, -_MAX_PRIORITY, _MAX_PRIORITY)
    _check_range("perVisit", content.per_visit, 1, _MAX_PER_VISIT)
    _check_range("perDay", content.per_day or 1, 1, MOST_PACE)
    _check_range("perWeek", content.per_week or 1, 1, MOST_PACE)
    _check_range("fromLogin", content.trigger.from_login, 0, _MAX_PRIORITY)
    _check_range("fromVisit", content.trigger.from_visit, 0, _MAX_PRIORITY)
    if content.trigger.after_event is not None and not is_event_name(content.trigger.after_event):
        raise InvalidInputError(WHAT_AN_EVENT_IS_CALLED, field="afterEvent")
    starts_at, ends_at = content.trigger.starts_at, content.trigger.ends_at
    if starts_at is not None and ends_at is not None and ends_at <= starts_at:
        raise InvalidInputError("`endsAt` lies after `startsAt`.", field="endsAt")
    check_language(content.default_language)
    _check_span("patience", content.patience, _MOST_PATIENCE)
    for rule in content.reask.values():
        _check_span("reask", rule.after, _LONGEST)
        _check_range("atMost", 1 if rule.at_most is None else rule.at_most, 1, _MAX_PRIORITY)
    _check_experiment(content.experiment)
    _check_questions(content.questions)


def check_budget(budget: Budget) -> None:
    """Raise InvalidInputError for a budget that can't be."""
    for name, limit in (
        ("perVisit", budget.per_visit),
        ("perDay", budget.per_day),
        ("perWeek", budget.per_week),
    ):
        _check_range(name, 1 if limit is None else limit, 1, MOST_PACE)
    _check_range("ageing", budget.ageing, 0, _MAX_PRIORITY)


def check_language(tag: str) -> None:
    """Raise InvalidInputError for what is no language tag (BCP 47)."""
    if not LANGUAGE.fullmatch(tag):
        raise InvalidInputError(f"{tag[:40]!r} is no language tag, such as en or pt-BR.", field="language")


def _check_questions(questions: tuple[Question, ...]) -> None:
    if len(questions) > _MAX_QUESTIONS:
        message = f"A set has at most {_MAX_QUESTIONS} questions; this one has {len(questions)}."
        raise InvalidInputError(message, field="questions")
    keys = [question.key for question in questions]
    if len(set(keys)) != len(keys):
        raise InvalidInputError("Each question of a set has a key of its own.", field="questions")
    for question in questions:
        check_question(question)


def check_question(question: Question) -> None:
    """Raise InvalidInputError for the first thing that is wrong with a question."""
    check_key(question.key)
    _check_length("prompt", question.prompt, _MAX_PROMPT)
    _check_texts(question)
    if len(question.translations) > _MAX_LANGUAGES:
        raise InvalidInputError(f"A question has up to {_MAX_LANGUAGES} languages.", field="translations")
    for tag, translation in question.translations.items():
        check_language(tag)
        _check_length("prompt", translation.prompt or "-", _MAX_PROMPT)
        _check_texts(translation)
    _check_options(question)
    _check_range("scale", _SCALES[0] if question.scale is None else question.scale, *_SCALES)
    _check_choices(question)
    _check_span("rest", question.rest, _LONGEST)
    _check_range("mostAsks", 1 if question.most_asks is None else question.most_asks, 1, _MAX_PRIORITY)
    _check_range("weight", question.weight, 0, _MAX_WEIGHT)
    _check_range("effort", 1 if question.effort is None else question.effort, 0.1, _MAX_WEIGHT)
    if len(question.branches) > _MAX_BRANCHES:
        raise InvalidInputError(f"A question has up to {_MAX_BRANCHES} branches.", field="branches")


def _check_texts(said: Question | Translation) -> None:
    _check_length("help", said.help or "-", _MAX_PROMPT)
    _check_length("why", said.why or "-", _MAX_PROMPT)
    for name in ("placeholder", "submit_label", "skip_label", "decline_label"):
        _check_length(_camel(name), getattr(said, name) or "-", _MAX_NAME)


def _check_options(question: Question) -> None:
    if len(question.options) > _MAX_OPTIONS:
        message = f"A question has up to {_MAX_OPTIONS} options; this one has {len(question.options)}."
        raise InvalidInputError(message, field="options")
    values = [option.value for option in question.options]
    if len(set(values)) != len(values):
        raise InvalidInputError("Each option of a question has a value of its own.", field="options")
    for option in question.options:
        _check_length("options", option.value, _MAX_NAME)
        _check_length("options", option.label or "-", _MAX_NAME)
        if option.picture is not None and not _is_picture(option.picture):
            raise InvalidInputError("A picture is an address that begins with https://.", field="options")
    labels: Iterable[str] = (
        label for each in question.translations.values() for label in each.options.values()
    )
    for label in labels:
        _check_length("options", label, _MAX_NAME)


def _check_choices(question: Question) -> None:
    least, most = question.min_choices, question.max_choices
    _check_range("minChoices", 1 if least is None else least, 1, _MAX_OPTIONS)
    _check_range("maxChoices", 1 if most is None else most, 1, _MAX_OPTIONS)
    if least is not None and most is not None and most < least:
        raise InvalidInputError("`maxChoices` is at least `minChoices`.", field="maxChoices")


def _check_experiment(experiment: Experiment | None) -> None:
    if experiment is None:
        return
    check_key(experiment.key)
    if not 2 <= len(experiment.variants) <= _MAX_VARIANTS:  # noqa: PLR2004 - one variant is no experiment
        raise InvalidInputError(f"An experiment has 2 to {_MAX_VARIANTS} variants.", field="experiment")
    keys = [variant.key for variant in experiment.variants]
    if len(set(keys)) != len(keys):
        raise InvalidInputError("Each variant has a key of its own.", field="experiment")
    for variant in experiment.variants:
        check_key(variant.key)
        _check_range("weight", variant.weight, 1, _MAX_WEIGHT)
        _check_range("perVisit", 1 if variant.per_visit is None else variant.per_visit, 1, _MAX_PER_VISIT)
        if variant.order is not None and len(set(variant.order)) != len(variant.order):
            raise InvalidInputError("A variant names each question once.", field="experiment")
        for prompt in variant.prompts.values():
            _check_length("prompt", prompt, _MAX_PROMPT)


def _is_picture(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    is_clean = address.isprintable() and " " not in address and "@" not in parts.netloc
    return parts.scheme == "https" and bool(parts.hostname) and len(address) <= _MAX_PROMPT and is_clean


def _check_span(name: str, span: timedelta | None, most: timedelta) -> None:
    if span is not None and not timedelta() <= span <= most:
        raise InvalidInputError(f"`{name}` is between nothing and {most}.", field=name)


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(each.title() for each in others)


def _check_placements(placements: tuple[str, ...]) -> None:
    if not 0 < len(placements) <= _MAX_PLACEMENTS:
        message = f"A set appears in 1 to {_MAX_PLACEMENTS} placements."
        raise InvalidInputError(message, field="placements")
    for placement in placements:
        check_placement(placement)


def check_placement(placement: str) -> None:
    """Raise InvalidInputError for a placement that is not spelled like one."""
    if not _PLACEMENT.fullmatch(placement):
        message = f"{placement[:80]!r} is no placement: small letters, digits, - and _, up to 40 characters."
        raise InvalidInputError(message, field="placement")


def _check_length(name: str, text: str, most: int) -> None:
    if not text.strip() or len(text) > most:
        raise InvalidInputError(f"`{name}` has 1 to {most} characters.", field=name)


def _check_range(name: str, number: float, least: float, most: float) -> None:
    if not least <= number <= most:
        raise InvalidInputError(f"`{name}` must be between {least} and {most}; it was {number}.", field=name)
