"""Effects of actions, predicted before the act from words, method and form."""

from __future__ import annotations

import re
import unicodedata
from typing import TypedDict
from urllib.parse import unquote, urlsplit

from branchwise.environments.browser.actions import ParsedAction
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
_READING = frozenset({"hover", "scroll", "back", "tab", "stop", "fill", "select"})


class Form(TypedDict):
    """The form, method and link of an element, read from the DOM."""

    submits: bool
    """Whether activating it sends a form."""
    method: str
    """The form's method in lower case; empty without a form."""
    target: str
    """Where the form or the link leads."""
    file: bool
    """Whether it opens a file chooser."""


FORM_OF = """element => {
    const holder = element.closest('a, button, input, [role=button], [role=link]') || element;
    const form = holder.form || holder.closest('form');
    const type = (holder.getAttribute('type') || (holder.tagName === 'BUTTON' ? 'submit' : 'text')).toLowerCase();
    const sends = ['submit', 'image'].includes(type) && ['BUTTON', 'INPUT'].includes(holder.tagName);
    const other = ['button', 'checkbox', 'radio', 'reset'];
    const typed = holder.tagName === 'INPUT' && !other.includes(type);
    return {
        submits: Boolean(form) && (sends || typed),
        method: form ? (holder.getAttribute('formmethod') || form.getAttribute('method') || 'get').toLowerCase() : '',
        target: holder.getAttribute('formaction') || holder.href || (form ? form.getAttribute('action') : '') || '',
        file: type === 'file' && holder.tagName === 'INPUT',
    };
}"""
"""JavaScript that reads a `Form`; a page can lie in it, which is why writes are held at the network too."""


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
    if step.verb == "press" and (step.said not in {"Enter"} or form is None):
        return (Effect.UNKNOWN if step.said == "Enter" else Effect.REVERSIBLE), ""
    form = form or Form(submits=False, method="", target="", file=False)
    return _by_form(step, form)


def _by_form(step: ParsedAction, form: Form) -> tuple[Effect, str]:
    if form["file"]:
        return Effect.IRREVERSIBLE, "it would upload a file"
    name = step.element.name if step.element else ""
    role = step.element.role if step.element else ""
    if role in {"textbox", "searchbox", "spinbutton"} and step.verb == "click":
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
