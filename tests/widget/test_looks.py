"""What every state looks like in every theme, direction and width: against references that were looked at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from tests.browser import lacking
from tests.widget.gallery import STATES, Gallery
from tests.widget.host import Host
from tests.widget.looks import REFERENCES, difference

if TYPE_CHECKING:
    from playwright.async_api import Browser


@dataclass(frozen=True, kw_only=True)
class Look:
    """How a page is, and the browser around it."""

    css: str = ""
    direction: str = "ltr"
    language: str = "en"
    width: int = 560  # CSS pixels
    forced_colors: Literal["active", "none"] = "none"


LOOKS = {
    "light": Look(),
    "dark": Look(css="html { color-scheme: dark; background: #14141a; color: #ececf1 }"),
    "rtl": Look(direction="rtl", language="ar"),
    "narrow": Look(width=320, css="body { margin: 0 }"),
    "forced": Look(forced_colors="active"),
}
# Of Debian's fonts-dejavu-core, which has Arabic as well; .ci/run installs it.
# In forced colours the caret cannot be hidden, and it blinks.
_BLINKING = {f"forced/{state}" for state in ("error", "own-option", "panel-editing")}
_HAS_FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf").is_file()
_FONT = 'html { font: 16px/1.5 "DejaVu Sans" }'


@pytest.mark.parametrize("name", LOOKS)
async def test_every_state_looks_as_it_should(chromium: Browser, name: str) -> None:
    if not _HAS_FONT:
        lacking(
            "References are in DejaVu Sans: on Debian, `apt-get install fonts-dejavu-core` (.ci/run does it)."
        )
    look = LOOKS[name]
    context = await chromium.new_context(
        viewport={"width": look.width, "height": 900},
        forced_colors=look.forced_colors,
        reduced_motion="reduce",
    )
    host = Host(await context.new_page())
    page = f"Object.assign(document.documentElement, {{dir: '{look.direction}', lang: '{look.language}'}})"
    head = f"<style>{_FONT} {look.css}</style><script>{page}</script>"
    different = []

    async for state, shown in Gallery(host).states(head):
        await host.page.mouse.move(0, 0)
        shot = await shown.screenshot(animations="disabled")
        if f"{name}/{state}" not in _BLINKING:
            different.append(difference(f"{name}/{state}", shot))

    assert [each for each in different if each] == []
    assert host.mishaps == []
    await context.close()


def test_there_is_a_reference_of_every_state_in_every_look_and_no_other() -> None:
    kept = {path.relative_to(REFERENCES).with_suffix("").as_posix() for path in REFERENCES.rglob("*.png")}

    assert kept == {f"{look}/{state}" for look in LOOKS for state in STATES} - _BLINKING
