"""Questions as the server words them: one of every kind, and what answers it."""

from __future__ import annotations

from typing import Any

Question = dict[str, Any]


def question(kind: str, **overrides: object) -> Question:
    """Return a question as `nextQuestion` gives it."""
    plain: Question = {
        "id": f"qst_{kind.lower()}",
        "key": kind.lower(),
        "kind": kind,
        "language": "en",
        "prompt": f"What about {kind.lower().replace('_', ' ')}?",
        "exits": ["SKIP", "DECLINE", "NOT_APPLICABLE", "CLOSE"],
        "hasOther": False,
        "options": [],
    }
    nothing = (
        *("help", "why", "placeholder", "submitLabel", "skipLabel", "declineLabel", "ratingStyle"),
        *("minimum", "maximum", "minLength", "maxLength", "minChoices", "maxChoices", "confirm", "consent"),
    )
    return {**dict.fromkeys(nothing), **plain, **overrides}


def options(*labels: str, picture: str | None = None) -> list[dict[str, str | None]]:
    """Return options of which the value is the label in small letters."""
    return [{"value": label.lower(), "label": label, "picture": picture} for label in labels]


DOT = "data:image/gif;base64,R0lGODlhAQABAIAAAHh4eAAAACwAAAAAAQABAAACAkQBADs="
TEAMS = options("Design", "Engineering", "Sales")

# Every kind the widget asks.
KINDS: dict[str, Question] = {
    each["kind"]: each
    for each in (
        question("TEXT", prompt="What would you like to achieve?", help="In your own words.", why="To help."),
        question("LONG_TEXT", prompt="Tell us more", maxLength=500),
        question("NUMBER", minimum=1, maximum=100, prompt="How many people work there?"),
        question("RATING", minimum=1, maximum=5, ratingStyle="STARS", prompt="How do you like it?"),
        question("NPS", minimum=0, maximum=10, prompt="Would you recommend us?"),
        question("BOOLEAN", prompt="Do you work remotely?"),
        question("DATE", prompt="When did you start?"),
        question("SINGLE_CHOICE", options=TEAMS, hasOther=True, prompt="Which team are you in?"),
        question("MULTI_CHOICE", options=TEAMS, prompt="Which teams do you know?"),
        question("PICTURE_CHOICE", options=options("Sea", "Hills", picture=DOT), prompt="Where to?"),
        question("RANKING", options=TEAMS, prompt="Which come first?"),
        question("EMAIL", prompt="What is your e-mail address?"),
        question("PHONE", prompt="What is your number?"),
        question("URL", prompt="Where is your site?"),
        question("COUNTRY", prompt="Where do you live?"),
        question("ADDRESS", prompt="Where shall we send it?"),
        question(
            "CONSENT",
            prompt="May we write to you?",
            consent={"purpose": "news", "text": "We write twice a month.", "textVersion": 1},
        ),
        question(
            "CONFIRM",
            prompt="Is this right?",
            confirm={"value": "Acme", "text": "Acme", "source": "enricher:email_domain"},
        ),
    )
}
