"""One reading of a page and its frames, in a number of round trips that does not grow with the page."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import CDPSession, Error, Page

from branchwise.environments.browser.reader.engine import located, source

_MOST_FRAMES = 20
_DEEPEST = 4
"""Frames within frames that are read."""
_PATIENCE = 500
"""Milliseconds that the search for listeners may take, and a frame that does not answer."""
_FORM = re.compile(r"\d{1,8}\.\d{1,7};(?:[0-9a-z]{1,6}\.[cdohk]{1,5}(?:,|$))*")
_LONGEST = 10.0
"""Seconds until a page counts as one that never answers."""
Row = dict[str, Any]
"""A line of the page as the script gives it; `walk.js` names its parts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RawPage:
    """What the scripts read, with the rows of frames in their places."""

    rows: list[Row]
    title: str
    scroll: tuple[int, int]
    """Pixels above and below what is in view."""
    left: int
    """Elements that were left out, on pages beyond every measure."""
    active: str
    """The reference of the thing that has the focus; empty if none has."""
    enter: dict[str, Any] | None
    """What pressing Enter would send, where the focus is on something that cannot be acted on."""


# Without slots: Playwright sets an attribute on whom a handler belongs to.
@dataclass(kw_only=True)
class Reader:
    """Reads one page; keeps the debugging session through which listeners are asked for."""

    page: Page
    session: CDPSession | None = None
    worlds: dict[int, str] = field(default_factory=dict)
    """The contexts in which scripts of the page's frames run, with the world's kind."""
    frames: int = 0

    async def read(self) -> RawPage:
        """Read the page as it is now.

        Raises:
            Error: It went elsewhere meanwhile, or is gone.
            TimeoutError: Its scripts do not come to an end.
        """
        async with asyncio.timeout(_LONGEST):
            return await self._read()

    async def _read(self) -> RawPage:
        top: dict[str, Any] = {}
        for _ in range(2):
            heard = await self._heard()
            self.frames = 0
            top = await self._frame("", heard, 0)
            # Between the two calls the page may have changed; then its listeners belong to other elements.
            if not heard or top["shape"] in heard:
                break
        above, below = top["scroll"]
        return RawPage(
            rows=top["rows"],
            title=top["title"],
            scroll=(above, max(0, below)),
            left=top["left"],
            active=top["active"],
            enter=top.get("enter"),
        )

    async def has_earlier(self) -> bool:
        """Whether the window's history has a page before this one; the empty one it was opened with is none."""
        try:
            if self.session is None:
                await self._heard()
            assert self.session is not None
            history = await self.session.send("Page.getNavigationHistory")
        except Error:
            return True
        earlier = history["entries"][: history["currentIndex"]]
        return any(not entry["url"].startswith("about:blank") for entry in earlier[-1:])

    async def _frame(self, ref: str, heard: dict[str, str], depth: int) -> dict[str, Any]:
        known = "".join(f";{shape};{bits}" for shape, bits in heard.items())
        place = located(self.page, f"{ref}read{known}")
        read: dict[str, Any] = json.loads(
            await place.text_content(timeout=None if depth == 0 else _PATIENCE) or "{}"
        )
        inner = {row["fr"]: row for row in read["rows"] if "fr" in row and depth < _DEEPEST}
        asked = [number for number in inner if self._may_ask()]
        found = await asyncio.gather(
            *(self._frame(f"{ref}{number}/", heard, depth + 1) for number in asked), return_exceptions=True
        )
        frames = dict(zip(asked, found, strict=True))
        read["active"] = f"{ref}{read['active']}" if read["active"] >= 0 else ""
        read["rows"] = list(_spliced(read, ref, frames))
        for number, frame in frames.items():
            if isinstance(frame, dict):
                read["left"] += frame["left"]
                if number == read["focus"]:
                    read |= {name: frame[name] for name in ("active", "enter") if name in frame}
        return read

    def _may_ask(self) -> bool:
        self.frames += 1
        return self.frames <= _MOST_FRAMES

    async def _heard(self) -> dict[str, str]:
        """The listeners of each document, by the document's shape; empty where they cannot be asked for."""
        try:
            if self.session is None:
                self.session = await self.page.context.new_cdp_session(self.page)
                self.session.on("Runtime.executionContextCreated", self._began)
                self.session.on("Runtime.executionContextDestroyed", self._ended)
                self.session.on("Runtime.executionContextsCleared", lambda _: self.worlds.clear())
                await self.session.send("Runtime.enable")
            more = len(self.page.frames) > 1
            own = [number for number, kind in self.worlds.items() if kind == "default"]
            said = await asyncio.gather(*(self._asked(number) for number in (own if more else [None])))
        except Error:
            return {}
        return dict(one.split(";", 1) for one in said if ";" in one)

    async def _asked(self, context: int | None) -> str:
        assert self.session is not None
        asked = {
            "expression": source("listeners"),
            "includeCommandLineAPI": True,
            "returnByValue": True,
            "silent": True,
            "timeout": _PATIENCE,
        }
        try:
            said = await self.session.send(
                "Runtime.evaluate", asked | ({"contextId": context} if context else {})
            )
        except Error:
            return ""
        value = said.get("result", {}).get("value")
        # The page's own world answers: nothing but the expected form is passed on.
        return value if isinstance(value, str) and _FORM.fullmatch(value) else ""

    def _began(self, event: dict[str, Any]) -> None:
        context = event["context"]
        self.worlds[context["id"]] = "default" if context.get("auxData", {}).get("isDefault") else "other"

    def _ended(self, event: dict[str, Any]) -> None:
        self.worlds.pop(event["executionContextId"], None)


def _spliced(read: dict[str, Any], ref: str, frames: dict[int, Any]) -> Iterator[Row]:
    """The rows with full references, each frame's rows below its own."""
    for row in read["rows"]:
        if "t" in row:
            row["ref"] = f"{ref}{row['t']}"
        yield row
        frame = frames.get(row.get("fr", -1))
        if isinstance(frame, dict):
            left, top = row["b"][:2]
            for inner in frame["rows"]:
                if "b" in inner:
                    inner["b"] = [inner["b"][0] + left, inner["b"][1] + top, *inner["b"][2:]]
                inner["i"] = inner["i"] and row["i"]
                yield inner | {"d": inner["d"] + row["d"] + 1}
        elif frame is not None:
            yield {"d": row["d"] + 1, "r": "text", "v": "(this frame did not answer)", "i": row["i"]}
