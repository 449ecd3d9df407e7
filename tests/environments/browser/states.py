"""Thirty kinds of state of a page, each with actions that lead to it and one that tells it from another."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count

from aiohttp import web

_B = "<button id=b>Next</button><p id=out>-</p>"
_NEXT = 'click button "Next"'


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of state."""

    page: str
    do: tuple[str, ...]
    """Lines of actions; `tap SELECTOR` is a click that no line of the session names."""
    then: str = _NEXT
    kept: bool = True
    """Whether a snapshot brings it back; else only a replay does."""


def _script(page: str, code: str, *do: str, then: str = _NEXT, kept: bool = False) -> Kind:
    return Kind(page=f"{page}<script>{code}</script>", do=do, then=then, kept=kept)


_SHOW = "document.getElementById('b').onclick = () => { out.textContent = 'seen ' + "
KINDS: Mapping[str, Kind] = {
    "text field": _script(
        f"<input id=i aria-label=T>{_B}", f"{_SHOW} i.value }}", 'fill textbox "T" with "x"', kept=True
    ),
    "text area": _script(
        f"<textarea id=i aria-label=T></textarea>{_B}",
        f"{_SHOW} i.value }}",
        'fill textbox "T" with "x"',
        kept=True,
    ),
    "password": _script(
        f"<label>P <input id=i type=password></label>{_B}",
        f"{_SHOW} i.value }}",
        'fill textbox "P" with "x"',
        kept=True,
    ),
    "check box": _script(
        f"<label><input id=i type=checkbox>Gift</label>{_B}",
        f"{_SHOW} i.checked }}",
        'click checkbox "Gift"',
        kept=True,
    ),
    "radio": _script(
        f"<label><input id=i type=radio name=r>A</label><label><input type=radio name=r checked>B</label>{_B}",
        f"{_SHOW} i.checked }}",
        'click radio "A"',
        kept=True,
    ),
    "choice": _script(
        f"<select id=i aria-label=S><option>S<option>M</select>{_B}",
        f"{_SHOW} i.value }}",
        'select combobox "S" option "M"',
        kept=True,
    ),
    "choice of several": _script(
        f"<select id=i multiple aria-label=S><option>S<option>M</select>{_B}",
        f"{_SHOW} [...i.selectedOptions].length }}",
        'select listbox "S" option "M"',
        kept=True,
    ),
    "unticked": _script(
        f"<label><input id=i type=checkbox checked>Gift</label>{_B}",
        f"{_SHOW} i.checked }}",
        'click checkbox "Gift"',
        kept=True,
    ),
    "input listener": _script(
        f"<input id=i aria-label=T>{_B}",
        f"let q = ''; i.oninput = e => {{ q = i.value }}; {_SHOW} q }}",
        'fill textbox "T" with "x"',
    ),
    "select listener": _script(
        f"<select id=i aria-label=S><option>S<option>M</select>{_B}",
        f"let q = ''; i.onchange = e => {{ q = i.value }}; {_SHOW} q }}",
        'select combobox "S" option "M"',
    ),
    "check box listener": _script(
        f"<label><input id=i type=checkbox>Gift</label>{_B}",
        f"let q = 0; i.addEventListener('change', e => {{ q += 1 }}); {_SHOW} q }}",
        'click checkbox "Gift"',
    ),
    "focus": _script(
        "<input id=i aria-label=T><p id=out>-</p>",
        "i.onkeydown = e => { if (e.key === 'Enter') out.textContent = 'went ' + i.value }",
        'fill textbox "T" with "x"',
        then="press Enter",
    ),
    "focus in a form": Kind(
        page="<form action=/said><input name=q aria-label=T></form>",
        do=('fill textbox "T" with "x"',),
        then="press Enter",
    ),
    "focus by Tab": Kind(
        page="<a href=/one>One</a> <a href=/two>Two</a>", do=("press Tab", "press Tab"), then="press Enter"
    ),
    "selection": _script(
        f"<input id=i aria-label=T value=abc>{_B}",
        f"{_SHOW} i.selectionStart }}",
        "tap #i",
        "press ArrowLeft",
        then="press Backspace",
        kept=True,
    ),
    "counter": _script(_B, "let n = 0; b.onclick = () => { out.textContent = 'counted ' + ++n }", _NEXT),
    "hidden counter": _script(
        f"<button id=h>Hide</button>{_B}",
        f"let n = 0; h.onclick = () => {{ n += 1 }}; {_SHOW} n }}",
        'click button "Hide"',
    ),
    "hidden field": _script(
        f"<button id=h>Hide</button><input id=f type=hidden value=0>{_B}",
        f"h.onclick = () => {{ f.value = 7 }}; {_SHOW} f.value }}",
        'click button "Hide"',
    ),
    "history": Kind(
        page="<h1>A</h1><a href=/b>to B</a>", do=('click link "to B"', 'click link "to C"'), then="back"
    ),
    "history of three": Kind(
        page="<h1>A</h1><a href=/b>to B</a>",
        do=('click link "to B"', 'click link "to C"', 'click link "to D"'),
        then="back",
    ),
    "pushState": _script(
        _B, "b.onclick = () => history.pushState({}, '', '/history_pushed')", _NEXT, then="back"
    ),
    "replaceState": _script(
        f"<button id=h>Hide</button>{_B}",
        f"h.onclick = () => history.replaceState({{n: 7}}, ''); {_SHOW} (history.state || {{}}).n }}",
        'click button "Hide"',
    ),
    "hash route": _script(
        "<a href='#two'>Two</a><p id=out>-</p>",
        "let n = 0; onhashchange = () => { out.textContent = location.hash + ++n }",
        'click link "Two"',
        then="back",
    ),
    "hash route with session storage": _script(
        f"<a href='#two'>Two</a>{_B}",
        f"onhashchange = () => {{ sessionStorage.r = location.hash }}; {_SHOW} sessionStorage.r }}",
        'click link "Two"',
    ),
    "session storage": _script(
        _B, "b.onclick = () => { out.textContent = sessionStorage.n = ~~sessionStorage.n + 1 }", _NEXT
    ),
    "local storage": _script(
        _B, "b.onclick = () => { out.textContent = localStorage.n = ~~localStorage.n + 1 }", _NEXT
    ),
    "storage of the page before": _script(
        f"{_B}<a href=/shelf>Shelf</a>",
        "sessionStorage.n = 5; localStorage.n = 6",
        'click link "Shelf"',
        kept=True,
    ),
    "rich text": _script(
        f"<div id=i contenteditable role=textbox aria-label=T>old</div>{_B}",
        f"{_SHOW} i.innerHTML }}",
        'fill textbox "T" with "new"',
        kept=True,
    ),
    "inner scroller": _script(
        f"<div id=i style='height:80px;overflow:auto'><p style='height:900px'>long</p></div>{_B}",
        f"{_SHOW} (i.scrollTop > 0) }}",
        "wheel #i",
        kept=True,
    ),
    "details": _script(
        f"<details id=i><summary>More</summary>inside</details>{_B}",
        f"{_SHOW} i.open }}",
        "tap summary",
        kept=True,
    ),
    "popover": _script(
        f"<button popovertarget=i>Pop</button><div id=i popover>inside</div>{_B}",
        f"{_SHOW} i.matches(':popover-open') }}",
        'click button "Pop"',
        then="press Escape",
        kept=True,
    ),
    "window.name": _script(
        f"<button id=h>Hide</button>{_B}",
        f"h.onclick = () => {{ window.name = 'n' }}; {_SHOW} window.name }}",
        'click button "Hide"',
    ),
    "timer": _script(
        f"<button id=h>Hide</button>{_B}",
        f"let t = 0; h.onclick = () => {{ t = setInterval(() => {{}}, 1e6) }}; {_SHOW} (t > 0) }}",
        'click button "Hide"',
    ),
    "shadow root": _script(
        f"<x-a></x-a>{_B}",
        "customElements.define('x-a', class extends HTMLElement { connectedCallback() {"
        " this.attachShadow({mode: 'open'}).innerHTML = '<input aria-label=T>'; } });"
        f"{_SHOW} document.querySelector('x-a').shadowRoot.firstChild.value }}",
        'fill textbox "T" with "x"',
        kept=True,
    ),
    "custom element": _script(
        f"<x-a></x-a>{_B}",
        "customElements.define('x-a', class extends HTMLElement { connectedCallback() { this.n = 0;"
        " this.attachShadow({mode: 'open'}).innerHTML = '<button>Hide</button>';"
        " this.shadowRoot.firstChild.onclick = () => { this.n += 1 }; } });"
        f"{_SHOW} document.querySelector('x-a').n }}",
        'click button "Hide"',
    ),
    "frame of the same origin": Kind(
        page=f"<iframe srcdoc='<input id=i aria-label=T>'></iframe>{_B}<script>{_SHOW} frames[0].i.value }}</script>",
        do=('fill textbox "T" with "x"',),
    ),
    "clock": _script(
        f"<p id=c>0</p><input id=i aria-label=T>{_B}",
        f"setInterval(() => {{ c.textContent = 'tick ' + performance.now() }}, 90); {_SHOW} i.value }}",
        'fill textbox "T" with "x"',
        kept=True,
    ),
    "rotating text": Kind(
        page="<p>Deal of the moment: {rotating}</p><a href=/said>Go on</a><input aria-label=T>",
        do=('fill textbox "T" with "x"',),
        then='click link "Go on"',
    ),
    "result of a form": Kind(
        page="<form method=post action=/posted><button>Send</button></form>",
        do=('click button "Send"',),
        then='click link "Again"',
        kept=False,
    ),
    "result of a form that GET shows too": Kind(
        page="<form method=post action=/same><button>Send</button></form>",
        do=('click button "Send"',),
        then='click link "Again"',
    ),
}
_PAGES = {
    "/b": "<h1>B</h1><a href=/c>to C</a>",
    "/c": "<h1>C</h1><a href=/d>to D</a>",
    "/d": "<h1>D</h1>",
    "/one": "<h1>One</h1>",
    "/two": "<h1>Two</h1>",
    "/shelf": f"<h1>Shelf</h1>{_B}<script>{_SHOW} sessionStorage.n + localStorage.n }}</script>",
    "/posted": "<h1>Sent</h1><a href=/one>Again</a>",
    "/same": "<h1>Sent</h1><a href=/one>Again</a>",
}


def pages() -> web.Application:
    """The site: `/kind/LETTER` is the page of a kind."""
    loads, names = count(), list(KINDS)

    async def answer(request: web.Request) -> web.Response:
        path = request.path
        if path == "/posted" and request.method == "GET":
            path = "/nothing"
        text = _PAGES.get(path, f"<h1>{path}</h1><p>{request.query_string}</p>")
        if path.startswith("/kind/"):
            text = KINDS[names[string.ascii_letters.index(path[-1])]].page
        if path == "/":
            text = " ".join(
                f"<a href=/kind/{letter}>{name}</a>"
                for letter, name in zip(string.ascii_letters, names, strict=False)
            )
        text = text.replace("{rotating}", ("kettle", "lamp", "rug", "mug", "pen")[next(loads) % 5])
        return web.Response(text=f"<!doctype html><title>kind</title>{text}", content_type="text/html")

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", answer)
    return app
