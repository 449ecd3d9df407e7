"""Perform one action on a page, and compare what came of it with what was asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from playwright.async_api import Error, Locator

from branchwise.environments.browser import fields, pointer
from branchwise.environments.browser.actions import ParsedAction
from branchwise.environments.browser.elements import Element
from branchwise.environments.browser.reader.engine import located
from branchwise.environments.browser.setting import Setting
from branchwise.environments.browser.windows import Windows
from branchwise.store.errors import BadAction

_SECRET = re.compile(r"\{secret:([A-Za-z0-9_]+)\}")
_CHOOSER = 3000.0
"""Milliseconds until a click must have asked for a file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hands:
    """What acts on the page in front."""

    windows: Windows
    setting: Setting
    """Where secrets may go, the secrets, and the files that may be uploaded."""

    async def perform(self, step: ParsedAction, shown: Sequence[Element]) -> None:
        """Perform `step`.

        Args:
            step: The action, read against the present page.
            shown: The elements of the present page.

        Raises:
            BadAction: There is no such tab, secret or file, a secret does not belong here, or the page did not take
                what was asked.
            Error: The element cannot be reached.
        """
        if step.element is None or step.verb == "scroll":
            await self._on_page(step, shown)
            return
        page = self.windows.front
        place, own = located(page, step.element.ref), located(page, f"{step.element.ref}!")
        match step.verb:
            case "click":
                await pointer.click(step.element, place, step.by)
            case "hover":
                await place.hover()
            case "drag":
                await pointer.drag(step, page, place)
            case "fill":
                await self._fill(step, step.element, own)
            case "select":
                await fields.choose(step.element, own, step.options)
            case "check" | "uncheck":
                wanted = step.verb == "check"
                if step.element.checked is not wanted:
                    await pointer.click(step.element, place)
                    await fields.ticked(step.element, own, wanted)
            case "upload":
                await self._upload(step, step.element, own)

    async def _on_page(self, step: ParsedAction, shown: Sequence[Element]) -> None:
        page = self.windows.front
        match step.verb:
            case "press":
                await page.keyboard.press(step.said)
            case "type":
                if _SECRET.search(step.said):
                    raise BadAction("A secret is typed into a field: fill ROLE NAME with the secret.")
                await page.keyboard.type(step.said)
            case "scroll":
                await pointer.scroll(page, step.said == "down", step.element, shown)
            case "highlight":
                await pointer.highlight(page, step.said)
            case "goto":
                await page.goto(step.said, wait_until="commit")
            case "back":
                if not await self.windows.reader.has_earlier():
                    raise BadAction("There is no page before this one in its window.")
                await page.go_back(wait_until="commit")
            case "tab":
                await self.windows.choose(int(step.said))

    async def _fill(self, step: ParsedAction, element: Element, place: Locator) -> None:
        text = await self._revealed(step.said, place)
        if why := fields.refused(element, text):
            raise BadAction(f"`{step.line}`: {why}.")
        made = await fields.fill(element, place, text, hidden=text != step.said)
        if made:
            self.windows.notes.append(f"- note: {element.address} made `{made}` of what was filled in")

    async def _upload(self, step: ParsedAction, element: Element, place: Locator) -> None:
        if step.said not in self.setting.files:
            known = ", ".join(f"`{name}`" for name in self.setting.files) or "none"
            raise BadAction(f"`{step.line}`: the files that may be uploaded are: {known}.")
        file = self.setting.files[step.said]
        if element.kind == "file":
            await place.set_input_files(file)
            return
        page = self.windows.front
        self.windows.uploading = True
        try:
            async with page.expect_file_chooser(timeout=_CHOOSER) as asked:
                await place.click()
            await (await asked.value).set_files(file)
        except Error as error:
            raise BadAction(f"`{step.line}`: it asked for no file.") from error
        finally:
            self.windows.uploading = False

    async def _revealed(self, said: str, place: Locator) -> str:
        """What is typed: secrets are put in at the last moment, and on the site's own pages only."""
        if not _SECRET.search(said):
            return said
        if await place.evaluate("() => location.origin") != self.setting.origin:
            raise BadAction("A secret is filled in on the start page's own site only.")

        def value(found: re.Match[str]) -> str:
            if found[1] not in self.setting.secrets:
                raise BadAction(f"There is no secret `{found[1]}`.")
            return self.setting.secrets[found[1]]

        return _SECRET.sub(value, said)
