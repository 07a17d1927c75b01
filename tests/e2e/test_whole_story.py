"""The whole loop on real parts: sign in, be asked, be known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.e2e.visitor import COMPANY_SIZE, INDUSTRY, ROLE

if TYPE_CHECKING:
    from tests.e2e.deployment import Deployment
    from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.e2e

CREATE_KEY = """mutation { createApiKey(input: {kind: SECRET, name: "App", scopes: [PROFILES_READ]}) {
  ... on CreateApiKeySuccess { token }
} }"""
PROFILE = """query ($email: String!) { profile(by: {email: $email}) {
  isIdentified logins
  attributes(keys: ["email", "company_domain", "job_role"]) { key value source { kind key } }
  enrichments { enricher { key } state }
} }"""
CREATE_SET = """mutation { createQuestionSet(input: {key: "nicknames", content: {
  name: "Nicknames", priority: 99,
  questions: [{key: "nickname", kind: TEXT, attribute: "nickname", prompt: "What may we call you?"}]
}}) { ... on QuestionSetSuccess { questionSet { id version } } } }"""
PUBLISH_SET = """mutation ($id: ID!, $version: Int!) {
  publishQuestionSet(input: {id: $id, expectedVersion: $version}) { __typename }
}"""
ARCHIVE_SET = """mutation ($id: ID!, $version: Int!) {
  archiveQuestionSet(input: {id: $id, expectedVersion: $version}) { __typename }
}"""


async def test_whole_story(visitor: Visitor, deployment: Deployment) -> None:
    await visitor.arrive()
    await visitor.is_left_alone()

    # A certified provider says who it is, and the look-ups say more.
    await visitor.sign_in_elsewhere("alice")
    await expect(visitor.page.locator("#who")).to_have_text("Hello, Alice Liddell")
    await visitor.sees("E-mail", "alice@wonderland.example", "sign-in with certified")
    await visitor.sees("Company domain", "wonderland.example", "looked up by email_domain")
    await expect(visitor.page.locator("#enrichments")).to_contain_text("SUCCEEDED")

    # The widget asks for what nobody knows, and keeps what it is told.
    await visitor.is_asked(ROLE)
    await visitor.choose("Engineering")
    await visitor.sees("Role", "Engineering", "you said so")
    await visitor.is_asked(COMPANY_SIZE)
    await visitor.choose("2 to 10")
    await visitor.is_left_alone()

    # An app reads all of it with its secret key.
    token = (await deployment.ask(CREATE_KEY))["createApiKey"]["token"]
    seen = await deployment.ask(PROFILE, {"email": "alice@wonderland.example"}, token=token)
    profile = seen["profile"]
    assert {each["key"]: (each["value"], each["source"]) for each in profile.pop("attributes")} == {
        "email": ("alice@wonderland.example", {"kind": "IDENTITY", "key": "certified"}),
        "company_domain": ("wonderland.example", {"kind": "ENRICHER", "key": "email_domain"}),
        "job_role": ("engineering", {"kind": "PERSON", "key": None}),
    }
    states = {each["enricher"]["key"]: each["state"] for each in profile.pop("enrichments")}
    succeeded = {key for key, state in states.items() if state == "SUCCEEDED"}
    assert succeeded == {"email_domain", "browser_language", "browser_device"}
    assert {states[key] for key in states.keys() - succeeded} == {"SKIPPED"}  # nothing to start from
    assert profile == {"isIdentified": True, "logins": 1}

    # The next visit brings the next question.
    await visitor.sign_out()
    await visitor.go_to_provider("certified")  # which still knows her, and asks nothing
    await visitor.sees_counts("sign-in 2")
    await visitor.is_asked(INDUSTRY)

    # What an admin publishes is asked without a restart.
    created = (await deployment.ask(CREATE_SET))["createQuestionSet"]["questionSet"]
    await deployment.ask(PUBLISH_SET, created)
    await visitor.choose("Health")
    await visitor.is_asked("What may we call you?")
    await deployment.ask(ARCHIVE_SET, {**created, "version": created["version"] + 1})
    await visitor.card.get_by_role("textbox").fill("Al")
    await visitor.save()
    await visitor.sees("Nickname", "Al", "you said so")
