"""Perform one action on a page."""

from __future__ import annotations

import re
from collections.abc import Mapping

from playwright.async_api import Locator, Page

from branchwise.environments.browser.actions import ParsedAction
from branchwise.environments.browser.observation import Element
from branchwise.store.errors import BadAction

_SECRET = re.compile(r"\{secret:([A-Za-z0-9_]+)\}")


async def perform(step: ParsedAction, page: Page, origin: str, secrets: Mapping[str, str]) -> Page:
    """Perform `step` and return the page that is in front afterwards.

    Args:
        step: The action, read against the present page.
        page: The page in front.
        origin: The only origin where secrets are filled in.
        secrets: Values for `{secret:name}`.

    Raises:
        BadAction: There is no such tab or secret, or the secret does not belong here.
    """
    if step.element is not None:
        await _on_element(step, located(page, step.element), origin, secrets)
        return page
    return await _on_page(step, page)


def located(page: Page, element: Element) -> Locator:
    """Locate an element of the newest snapshot, in frames too."""
    return page.locator(f"aria-ref={element.ref}")


async def _on_element(step: ParsedAction, place: Locator, origin: str, secrets: Mapping[str, str]) -> None:
    match step.verb:
        case "click":
            await place.click()
        case "hover":
            await place.hover()
        case "fill":
            await place.fill(await _revealed(step.said, place, origin, secrets))
        case "select":
            await place.select_option(label=step.said)


async def _on_page(step: ParsedAction, page: Page) -> Page:
    match step.verb:
        case "press":
            await page.keyboard.press(step.said)
        case "scroll":
            await page.mouse.wheel(0, 600 if step.said == "down" else -600)
        case "goto":
            await page.goto(step.said, wait_until="commit")
        case "back":
            await page.go_back(wait_until="commit")
        case "tab":
            pages = page.context.pages
            if int(step.said) > len(pages):
                raise BadAction(f"There are only {len(pages)} tabs.")
            page = pages[int(step.said) - 1]
            await page.bring_to_front()
    return page


async def _revealed(said: str, place: Locator, origin: str, secrets: Mapping[str, str]) -> str:
    """What is typed: secrets are put in at the last moment, and on the site's own pages only."""
    if not _SECRET.search(said):
        return said
    if await place.evaluate("() => location.origin") != origin:
        raise BadAction("A secret is filled in on the start page's own site only.")

    def value(found: re.Match[str]) -> str:
        if found[1] not in secrets:
            raise BadAction(f"There is no secret `{found[1]}`.")
        return secrets[found[1]]

    return _SECRET.sub(value, said)
