"""Pages that make it hard: none of them changes what matters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.widget.host import API
from tests.widget.questions import KINDS

if TYPE_CHECKING:
    from tests.widget.host import Host

UNSET = "<style>* { all: unset !important }</style>"
POLLUTED = """<script>
for (const name of "part mode cache body value hidden lang bubbles picture field".split(" "))
  Object.prototype[name] = "polluted";
</script>"""
STRICT = {
    "Content-Security-Policy": (
        f"default-src 'none'; script-src 'nonce-n0nce'; connect-src {API}; base-uri 'none';"
        " require-trusted-types-for 'script'; trusted-types 'none'"
    )
}
ELEMENT = f'<drip-question endpoint="{API}" key="pk_test"></drip-question>'


async def _answers(host: Host) -> None:
    await host.card.first.get_by_label("Yes").check()
    await host.card.first.get_by_role("button", name="Save").click()
    assert (await host.hears("answered"))["value"] is True


async def test_page_that_unsets_every_style_changes_no_look(host: Host) -> None:
    looks = "form => [getComputedStyle(form).display, getComputedStyle(form).padding, form.offsetHeight]"
    await host.open(KINDS["BOOLEAN"])
    before = await host.card.locator("form").evaluate(looks)

    await host.open(KINDS["BOOLEAN"], head=UNSET)

    assert await host.card.locator("form").evaluate(looks) == before
    await _answers(host)


async def test_names_on_every_object_change_nothing(host: Host) -> None:
    await host.open(KINDS["BOOLEAN"], head=POLLUTED)

    await _answers(host)

    assert await host.card.locator("[hidden]").count() == 0


async def test_strictest_policy_with_a_nonce_and_trusted_types_is_kept(host: Host) -> None:
    script = f'<script type="module" nonce="n0nce" src="{API}/widget/drip-question.js"></script>'
    reports: list[str] = []
    host.page.on("console", lambda message: reports.append(message.text))
    await host.open(KINDS["RANKING"], head=script, headers=STRICT)

    await host.card.get_by_role("button", name="Move Sales up").click()
    await host.card.get_by_role("button", name="Save").click()

    await expect(host.card.locator(".done")).to_be_focused()
    await host.hears("answered")  # the card gives thanks before the server knows
    (sent,) = host.said("answerQuestion")
    assert sent["value"] == ["design", "sales", "engineering"]
    # The page's own second script tag has no nonce and is refused; nothing of ours is.
    assert [each for each in reports if "violates" in each and "drip-question.js" not in each] == []


async def test_framework_that_moves_the_element_keeps_what_is_typed(host: Host) -> None:
    await host.open(KINDS["TEXT"])
    await host.card.get_by_role("textbox").fill("half an ans")

    for _ in range(3):
        await host.page.evaluate(
            "() => document.body.appendChild(document.createElement('div'))"
            ".append(document.querySelector('drip-question'))"
        )

    await expect(host.card.get_by_role("textbox")).to_have_value("half an ans")
    assert len(host.said("startVisit")) == 1


async def test_two_copies_of_the_script_are_one_widget(host: Host) -> None:
    copy = f'<script type="module" src="{API}/widget/drip-question.js?copy"></script>'
    await host.open(KINDS["BOOLEAN"], head=copy)

    await _answers(host)

    assert len(host.said("startVisit")) == 1


async def test_fifty_elements_ask_once_and_one_answer_serves_them_all(host: Host) -> None:
    await host.open(KINDS["BOOLEAN"], KINDS["TEXT"], body=ELEMENT * 50)
    await expect(host.card.get_by_role("radiogroup")).to_have_count(50)

    await _answers(host)

    await expect(host.card.get_by_role("textbox")).to_have_count(50)
    assert len(host.said("startVisit")) == 1
    assert len(host.said("answerQuestion")) == 1


async def test_element_that_was_set_up_before_the_script_came_takes_it_over(host: Host) -> None:
    early = (
        f"<script>const card = document.createElement('drip-question'); card.endpoint = '{API}';"
        "card.key = 'pk_test'; card.placement = 'checkout';"
        "addEventListener('DOMContentLoaded', () => document.body.append(card));</script>"
    )
    await host.open(KINDS["BOOLEAN"], body=early)

    await _answers(host)

    assert host.said("startVisit")[0]["placement"] == "checkout"


@pytest.mark.parametrize("mode", ["inline", "popover", "modal"])
async def test_nothing_moves_on_the_page_when_the_answer_is_sent(host: Host, mode: str) -> None:
    body = f"{ELEMENT.replace('key=', f'mode={chr(34)}{mode}{chr(34)} key=')}<p id=after>after</p>"
    await host.open(KINDS["BOOLEAN"], KINDS["BOOLEAN"] | {"id": "qst_2"}, body=body)
    await expect(host.card.locator("form")).to_be_visible()
    await host.page.evaluate(_SHIFTS)

    await host.card.get_by_label("Yes").check()
    await host.card.get_by_role("button", name="Save").click()
    await host.hears("answered")
    await expect(host.card.get_by_label("Yes")).not_to_be_checked()

    assert await host.page.evaluate("window.shifts") == 0


async def test_element_that_left_the_page_is_held_by_no_listener(host: Host) -> None:
    await host.page.add_init_script(_LISTENERS)
    popover = ELEMENT.replace("key=", "mode=popover placement=side key=")
    await host.open(KINDS["TEXT"], body=f"{ELEMENT}{popover}<input>")
    await expect(host.card.get_by_role("textbox")).to_have_count(2)
    await host.page.wait_for_function("window.held.length === 3")

    await host.page.evaluate(
        "() => document.querySelectorAll('drip-question').forEach((card) => card.remove())"
    )
    await host.page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    await host.page.locator("input").focus()

    await host.page.wait_for_function("window.held.length === 0")


# Of the document's listeners those that outlive an element.
_LISTENERS = """
window.held = [];
const [add, remove] = [document.addEventListener, document.removeEventListener];
const isOne = (name) => /^(visibilitychange|focusin)$/.test(name);
document.addEventListener = function (name, heard, ...more) {
  if (isOne(name) && !window.held.includes(heard)) window.held.push(heard);
  add.call(this, name, heard, ...more);
};
document.removeEventListener = function (name, heard, ...more) {
  window.held = window.held.filter((each) => each !== heard);
  remove.call(this, name, heard, ...more);
};
"""
_SHIFTS = """() => {
  window.shifts = 0;
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.shifts += entry.value; })
    .observe({ type: "layout-shift" });
}"""
