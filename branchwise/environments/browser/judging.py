"""Judge an action on a reading before it is done, and say why one failed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import cast

from playwright.async_api import Error

from branchwise.environments.browser.actions import ParsedAction
from branchwise.environments.browser.elements import Form
from branchwise.environments.browser.network import Border
from branchwise.environments.browser.observation import Page
from branchwise.environments.browser.safety import safety
from branchwise.environments.protocol import Action, Effect
from branchwise.store.errors import BadAction


def judged(step: ParsedAction, reading: Page, border: Border, *, rewinds: bool) -> Action:
    """The action with the effect that is expected of it.

    Raises:
        BadAction: It leads to a site that is not allowed.
    """
    form: Form | None = None
    at = step
    if step.verb == "click" and step.element is not None:
        form = step.element.form
    elif step.verb in {"press", "type"}:
        form = cast("Form | None", reading.enter)
        at = replace(step, element=reading.active)
    effect, reason = safety(at, form)
    if step.verb == "goto" and not border.admits(step.said):
        raise BadAction(f"`{step.line}` leads to a site that is not allowed.")
    return Action(text=step.line, effect=Effect.REVERSIBLE if rewinds else effect, reason=reason)


def over(error: Error) -> str:
    """What lies over an element that could not be clicked, else the first line of the error."""
    found = re.search(r"(<[^>]{1,200}>)[^\n]{0,500} intercepts pointer events", error.message)
    return f"{found[1]} lies over it." if found else error.message.splitlines()[0]
