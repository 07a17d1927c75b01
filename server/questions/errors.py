"""What can be wrong with asks, answers and question sets."""

from __future__ import annotations

from server.kit.errors import ExpectedError


class UnknownAskError(ExpectedError):
    """This was not handed to this person: a made-up id, another person's, or a question that is gone."""

    def __init__(self) -> None:
        super().__init__("This ask is not one of yours: fetch the next question and answer that.")


class InvalidAnswerError(ExpectedError):
    """The value does not fit the question; the message says what would, in words for the person."""


class UnpublishableError(ExpectedError):
    """A question set can't be published as it is; `question_key` names the question at fault, if one is."""

    def __init__(self, message: str, *, question_key: str | None = None) -> None:
        super().__init__(message)
        self.question_key = question_key
