"""A question in the words one person reads: language by language, with what they may see filled in. Pure.

`{given_name|there}` in a text stands for a known value, or for `there` where none is known.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from server.profiles.model import PersonAccess
from server.questions.model import QuestionKind, WordedChoice, Wording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from server.profiles.model import AttributeDefinition, Value
    from server.questions.model import Question, SetContent, ToConfirm, ToConsent, Translation

    Lookup = Callable[[str], str | None]

PIPE = re.compile(r"\{([a-z][a-z0-9_]{0,62})(?:\|([^{}]*))?\}")
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_LONGEST_TAG = 35  # characters (RFC 5646, section 4.4.1); what is longer is no language we have
_KEPT = 5_000  # some 10 MB; languages are named by clients
_TEXTS = ("prompt", "help", "why", "placeholder", "submit_label", "skip_label", "decline_label")


def chain(locale: str | None, default: str) -> list[str]:
    """Return the languages to try: exactly this, its bases (`pt-BR`, `pt`), the set's own.

    Case does not matter, `_` counts as `-`, and what is no language tag counts as none given.
    """
    tag = (locale or "").replace("_", "-").lower()
    parts = tag.split("-") if LANGUAGE.fullmatch(tag) else []
    tried = ["-".join(parts[:count]) for count in range(len(parts), 0, -1)]
    return [*tried, default.lower()]


class Prints:
    """The texts of questions with nobody's values in them, made once per revision and language."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str | None], tuple[object, object, object, Wording]] = {}

    def of(
        self,
        question: Question,
        definition: AttributeDefinition | None,
        content: SetContent,
        locale: str | None,
    ) -> Wording:
        """Return what `printed` does; made anew where any of the three is no longer the very same."""
        if locale is not None and len(locale) > _LONGEST_TAG:
            locale = None
        key = (question.id, locale)
        made = self._made.get(key)
        if made is not None:
            of, about, within, wording = made
            if of is question and about is definition and within is content:
                return wording
        if len(self._made) >= _KEPT:
            self._made.clear()
        wording = printed(question, definition, content, locale)
        self._made[key] = question, definition, content, wording
        return wording


def worded(  # noqa: PLR0913 - everything that a text may depend on
    question: Question,
    definition: AttributeDefinition | None,
    content: SetContent,
    locale: str | None,
    pipe: Lookup,
    *,
    prints: Prints | None = None,
    arm_prompt: str | None = None,
    confirm: ToConfirm | None = None,
    consent: ToConsent | None = None,
) -> Wording:
    """Return the texts of a question; every text falls back by itself, so that none is ever missing."""
    made = (prints or Prints()).of(question, definition, content, locale)
    is_arms = bool(arm_prompt) and made.language == content.default_language
    if not is_arms and confirm is None and consent is None and not _has_places(made):
        return made
    helped = made.help or (None if consent is None else consent.text)
    return replace(
        made,
        prompt=filled(arm_prompt if is_arms and arm_prompt else made.prompt, pipe),
        help=None if helped is None else filled(helped, pipe),
        why=None if made.why is None else filled(made.why, pipe),
        confirm=confirm,
        consent=consent,
    )


def printed(
    question: Question, definition: AttributeDefinition | None, content: SetContent, locale: str | None
) -> Wording:
    """Return the texts of a question with the placeholders still in them."""
    languages = chain(locale, content.default_language)
    texts = {name: _text(question, name, languages, content.default_language) for name in _TEXTS}
    return Wording(
        language=_language_of(question, languages, content.default_language),
        prompt=texts["prompt"] or question.prompt,
        help=texts["help"],
        why=texts["why"],
        placeholder=texts["placeholder"],
        submit_label=texts["submit_label"],
        skip_label=texts["skip_label"],
        decline_label=texts["decline_label"],
        options=tuple(_choices(question, definition, languages, content.default_language)),
    )


def _has_places(made: Wording) -> bool:
    return "{" in made.prompt or "{" in (made.help or "") or "{" in (made.why or "")


def filled(text: str, pipe: Lookup) -> str:
    """Return a text with every placeholder filled; values are taken as they are, never read again."""
    if "{" not in text:
        return text
    return PIPE.sub(lambda found: pipe(found[1]) or found[2] or "", text)


def piped_keys(text: str) -> Iterator[tuple[str, str | None]]:
    """Yield the attributes that a text names, each with what stands where there is no value."""
    for found in PIPE.finditer(text):
        yield found[1], found[2]


def may_be_piped(definition: AttributeDefinition) -> bool:
    """Whether a person may see the attribute at all."""
    return definition.person_access is not PersonAccess.HIDDEN and definition.archived_at is None


def spoken(value: Value, definition: AttributeDefinition, locale: str | None) -> str:
    """Return a value as people read it: labels instead of options' values."""
    languages = chain(locale, "en")
    labels = {
        option.value: _label(option.label, option.labels, languages, "en") for option in definition.options
    }
    if isinstance(value, dict):
        return value.get("formatted") or ", ".join(value.values())
    if isinstance(value, list):
        return ", ".join(labels.get(each, each) for each in value)
    return labels.get(value, value) if isinstance(value, str) else f"{value}"


def _text(question: Question, name: str, languages: list[str], default: str) -> str | None:
    for language in languages:
        translation = _translation(question, language)
        text = None if translation is None else getattr(translation, name)
        if text:
            return str(text)
        if language == default.lower():
            break
    found: str | None = getattr(question, name)
    return found


def _language_of(question: Question, languages: list[str], default: str) -> str:
    """Return the language that the prompt comes out in."""
    with_prompt = {tag.lower(): tag for tag, each in question.translations.items() if each.prompt}
    for language in languages:
        if language in with_prompt:
            return with_prompt[language]
        if language == default.lower():
            break
    return default


def _translation(question: Question, language: str) -> Translation | None:
    return next((each for tag, each in question.translations.items() if tag.lower() == language), None)


def _choices(
    question: Question, definition: AttributeDefinition | None, languages: list[str], default: str
) -> Iterator[WordedChoice]:
    of_attribute = {} if definition is None else {option.value: option for option in definition.options}
    if question.kind is QuestionKind.CONFIRM:
        return
    for value in [option.value for option in question.options] or list(of_attribute):
        own = next((option for option in question.options if option.value == value), None)
        base = of_attribute.get(value)
        label = _translated_label(question, value, languages)
        if label is None and own is not None:
            label = own.label
        if label is None and base is not None:
            label = _label(base.label, base.labels, languages, default)
        yield WordedChoice(value=value, label=label or value, picture=None if own is None else own.picture)


def _translated_label(question: Question, value: str, languages: list[str]) -> str | None:
    for language in languages:
        translation = _translation(question, language)
        if translation is not None and translation.options.get(value):
            return str(translation.options[value])
    return None


def _label(label: str, labels: Mapping[str, str], languages: list[str], default: str) -> str:
    by_tag = {tag.lower(): text for tag, text in labels.items()}
    for language in languages:
        if language in by_tag:
            return by_tag[language]
        if language == default.lower():
            break
    return label
