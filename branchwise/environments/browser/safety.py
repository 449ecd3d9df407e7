"""Effects of actions, predicted before the act from words, method and form."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote, urlsplit

from branchwise.environments.browser.actions import ParsedAction
from branchwise.environments.browser.elements import NO_FORM, Form
from branchwise.environments.protocol import Effect

_WORDS = """
    accept account-delete agree apply approve archive book buy cancel close-account confirm deactivate delete
    destroy disable discard donate erase finalize invite logout log-out order pay place-order post publish purchase
    remove reply report reserve reset revoke save send share sign-out signout sign-up submit subscribe transfer
    unsubscribe update upload vote withdraw wipe
    absenden abmelden bestellen bezahlen buchen kaufen kündigen löschen senden speichern veröffentlichen
    acheter commander envoyer payer supprimer comprar eliminar enviar pagar borrar
"""
_DESTRUCTIVE = re.compile(
    r"(?<![^\W_])(?:" + "|".join(word.replace("-", r"[\s_-]?") for word in _WORDS.split()) + r")(?![^\W_])"
)
_READING = frozenset(("hover", "scroll", "back", "tab", "stop", "fill", "select", "highlight", "wait"))
_UNTRIED = frozenset(("check", "uncheck", "drag", "upload"))


def safety(step: ParsedAction, form: Form | None = None) -> tuple[Effect, str]:
    """Predict the effect of an action, with the reason.

    Words are looked for in the element's name and in the address it leads to, whatever the method: GET
    links log out and unsubscribe too. A button with no form is unknown: it is tried behind the barrier.

    Args:
        step: The action.
        form: What the element does, for click and press.
    """
    if step.verb in _READING:
        return Effect.REVERSIBLE, ""
    if step.verb == "goto":
        return _by_words(step.said, "the address says") or (Effect.REVERSIBLE, "")
    if step.verb in _UNTRIED:
        return Effect.UNKNOWN, ""
    if step.verb in {"press", "type"} and not _activates(step, form):
        return Effect.REVERSIBLE, ""
    if step.verb in {"press", "type"} and form is None:
        return Effect.UNKNOWN, ""
    return _by_form(step, form or NO_FORM)


def _activates(step: ParsedAction, form: Form | None) -> bool:
    """Whether a key may press the button that has the focus, or send its form."""
    types = form is not None and form.get("types", False)
    if step.verb == "type" and "\n" not in step.said:
        return " " in step.said and not types
    if step.said == "Space":
        return not types
    return step.verb == "type" or step.said.endswith("Enter")


def _by_form(step: ParsedAction, form: Form) -> tuple[Effect, str]:
    if form["file"]:
        return Effect.IRREVERSIBLE, "it would upload a file"
    role = step.element.role if step.element else ""
    # What a field is called says nothing about sending it.
    typed = role in {"textbox", "searchbox", "spinbutton", "slider", "combobox"}
    name = step.element.name if step.element and not typed else ""
    if typed and step.verb == "click":
        return Effect.REVERSIBLE, ""
    if form["submits"] and form["method"] not in {"get", "dialog"}:
        return Effect.IRREVERSIBLE, f"it sends a form by {form['method'].upper()}"
    if role in {"checkbox", "radio", "option", "tab"}:
        return Effect.UNKNOWN, ""
    said = _by_words(name, "its name says") or _by_words(_path(form["target"]), "its address says")
    if said:
        return said
    leads = role == "link" or (form["submits"] and form["method"] == "get")
    return (Effect.REVERSIBLE if leads else Effect.UNKNOWN), ""


def _by_words(text: str, where: str) -> tuple[Effect, str] | None:
    folded = unicodedata.normalize("NFKC", unquote(text)).casefold()
    plain = "".join(char for char in folded if unicodedata.category(char) != "Cf")
    found = _DESTRUCTIVE.search(plain)
    return None if found is None else (Effect.IRREVERSIBLE, f"{where} `{found[0]}`")


def _path(target: str) -> str:
    parts = urlsplit(target) if "//" in target or ":" in target else None
    return target if parts is None else f"{parts.path}?{parts.query}"
