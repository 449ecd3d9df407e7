"""Masking of secrets in a page's text, address and screenshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

from playwright.async_api import Locator, Page

from branchwise.environments.browser.elements import Element
from branchwise.environments.browser.reader.engine import located
from branchwise.environments.browser.reader.reading import Row

_KEPT = "!$&'()*+,;=:@/?"
"""Characters that an address may keep as they are."""
_SAID = ("n", "v", "sh", "h", "c")
"""The parts of a row that are text of the page."""
MASK = "••••"
_VALUES = "fields => fields.map(field => field.value)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Masking:
    """The secrets of one browser, and what is shown in their place."""

    secrets: Mapping[str, str] = field(repr=False)

    def over(self, text: str) -> str:
        """The text without secrets, whether plain or URL-encoded."""
        for secret in filter(None, self.secrets.values()):
            for written in {
                secret,
                quote(secret),
                quote(secret, safe=_KEPT),
                quote(secret, safe=""),
                quote_plus(secret),
            }:
                text = text.replace(written, MASK)
        return text

    def rows(self, rows: list[Row]) -> list[Row]:
        """The rows of a reading without secrets."""
        if not any(self.secrets.values()):
            return rows
        for row in rows:
            row |= {part: self.over(row[part]) for part in _SAID if row.get(part)}
            if "o" in row:
                row["o"] = [[self.over(name), *rest] for name, *rest in row["o"]]
        return rows

    async def places(self, page: Page, elements: Sequence[Element]) -> list[Locator]:
        """Regions of a screenshot to mask: password fields, and elements that show a secret."""
        found = [located(page, f"{one.ref}!") for one in elements if one.secret]
        for frame in page.frames:
            found.append(frame.locator("input[type=password]"))
            if not self.secrets:
                continue
            fields = frame.locator("input, textarea")
            values = await fields.evaluate_all(_VALUES)
            found += [fields.nth(at) for at, value in enumerate(values) if self.over(value) != value]
            found += [frame.get_by_text(secret) for secret in self.secrets.values() if secret]
        return found
