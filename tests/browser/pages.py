"""Page checks: accessibility in both themes, labels, width on a small screen; and screenshots."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

WIDE = {"width": 1280, "height": 860}
NARROW = {"width": 375, "height": 760}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# The themes differ only in colors.
AXE: dict[str, dict[str, object]] = {
    "light": {"resultTypes": ["violations"]},
    "dark": {"resultTypes": ["violations"], "runOnly": ["color-contrast"]},
}
RUN_AXE = "([context, options]) => axe.run(context ?? document, options).then((results) => results.violations)"
WITHOUT_LABEL = """() => [...document.querySelectorAll("input:not([type=hidden], [hidden]), select, textarea")]
  .filter((control) => !control.labels?.length && !control.getAttribute("aria-label"))
  .map((control) => control.outerHTML)"""
SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
UNFOLD = """() => document.querySelectorAll("details:not([data-menu])").forEach((each) => { each.open = true; })"""
# Links in a sentence are as high as their line.
TOO_SMALL = """() => [...document.querySelectorAll("a, button, summary, input:not([type=hidden], [type=radio])")]
  .filter((target) => target.checkVisibility())
  .filter((target) => !target.closest(".vh, p, li > span, error-summary, .hint, .skip, .sandbox"))
  .filter((target) => target.getBoundingClientRect().height < 24 && !target.matches(".cover"))
  .map((target) => target.outerHTML)"""


@dataclass
class Judge:
    """Checks pages and collects what is wrong."""

    page: Page
    site: str = "Roster"
    folder: str = field(default_factory=lambda: os.environ.get("SCREENSHOTS", ""))
    names: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def look(self, name: str, *, within: str | None = None) -> None:
        """Check the current page in both themes and widths: themes don't change the layout, so one of them is narrow.

        `within`: a selector that limits axe to a part of a page that was already checked as a whole.
        """
        self.names.append(name)
        for theme in THEMES:
            self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            self.page.set_viewport_size(WIDE)  # type: ignore[arg-type]
            self._judge_wide(f"{name}, {theme}", within, AXE[theme])
            self._take(f"{name}-{theme}")
            if theme != THEMES[0] and not self.folder:
                continue
            self.page.set_viewport_size(NARROW)  # type: ignore[arg-type]
            self._judge_narrow(f"{name}, {theme}")
            self._take(f"{name}-{theme}-375")
        self.page.set_viewport_size(WIDE)  # type: ignore[arg-type]

    def look_closely(self, name: str) -> None:
        """Check the current page with all of axe's rules in both themes and both widths, and everything unfolded."""
        self.names.append(name)
        self.page.evaluate(UNFOLD)
        for theme in THEMES:
            self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            for size in (WIDE, NARROW):
                self.page.set_viewport_size(size)  # type: ignore[arg-type]
                where = f"{name}, {theme}, {size['width']} px"
                self._judge_wide(where, None, AXE["light"])
                self._judge_narrow(where)
                self._take(f"{name}-{theme}" if size is WIDE else f"{name}-{theme}-375")
        self.page.set_viewport_size(WIDE)  # type: ignore[arg-type]

    def look_while(self, what: str, act: Callable[[], None], *, within: str) -> None:
        """Check the colors of a part in both themes, just after `act`."""
        for theme in THEMES:
            self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            act()
            self._judge_wide(f"{what}, {theme}", within, AXE["dark"])

    def _judge_wide(self, where: str, within: str | None, options: dict[str, object]) -> None:
        if not self.page.evaluate("() => 'axe' in window"):  # half a megabyte, which a document needs once
            self.page.evaluate(AXE_SCRIPT)
        for violation in self.page.evaluate(RUN_AXE, [within, options]):
            nodes = "; ".join(node["html"] for node in violation["nodes"])
            self._fault(where, f"{violation['id']}: {violation['help']}: {nodes}")
        for control in self.page.evaluate(WITHOUT_LABEL):
            self._fault(where, f"no label: {control}")
        if not re.match(rf".+ · {self.site}$", self.page.title()):
            self._fault(where, f"the title is {self.page.title()!r}")

    def _judge_narrow(self, where: str) -> None:
        if sideways := self.page.evaluate(SIDEWAYS):
            self._fault(where, f"{sideways} px wider than the screen")
        for target in self.page.evaluate(TOO_SMALL):
            self._fault(where, f"less than 24 px high: {target}")

    def _fault(self, where: str, what: str) -> None:
        self.faults.append(f"{where}: {what}")

    def _take(self, name: str) -> None:
        if self.folder:
            self.page.screenshot(path=Path(self.folder) / f"{name}.png", full_page=True)
