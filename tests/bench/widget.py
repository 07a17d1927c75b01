"""The widget's requests, as a browser sends them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.bench.load import post
from tests.bench.people import ORIGIN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.bench.people import Person

# As in widget/src/documents.ts.
_NEXT = """fragment Next on NextQuestion {
  state until
  ask { id placement question {
    id key kind prompt help placeholder isSkippable options { value label }
    minimum maximum minLength maxLength minChoices maxChoices
  } }
}"""
NEXT_QUESTION = (
    f"query NextQuestion($placement: String!) {{ nextQuestion(placement: $placement) {{ ...Next }} }} {_NEXT}"
)
ANSWER_QUESTION = f"""mutation AnswerQuestion($askId: ID!, $value: JSON!) {{
  answerQuestion(input: {{ askId: $askId, value: $value }}) {{
    __typename ... on UserError {{ message }}
    ... on AnswerQuestionSuccess {{ outcome value isReplay notice next {{ ...Next }} }}
  }}
}} {_NEXT}"""

_BROWSER = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Accept-Language": "en-GB,en;q=0.9",
    "Cache-Control": "no-cache",
    "Origin": ORIGIN,
    "Referer": f"{ORIGIN}/",
    "Sec-Fetch-Dest": "empty",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Site": "cross-site",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/140.0.0.0 Safari/537.36",
}


def widget_request(
    port: int,
    person: Person,
    query: str,
    variables: Mapping[str, Any],
    *,
    path: str = "/graphql",
    more: Mapping[str, str] | None = None,
) -> bytes:
    """Return what the widget on this person's page sends."""
    body = json.dumps({"query": query, "variables": variables}, separators=(",", ":")).encode()
    return post(port, path, body, {**_BROWSER, "Authorization": f"Bearer {person.token}", **(more or {})})
