"""A site with ten kinds of state, each world of its own: what a branch may have to be brought back to."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import count

from aiohttp import web

_SCRIPTS = {
    "session": """const show = () => { out.textContent = 'saved ' + (sessionStorage.n || 0); };
        b.onclick = () => { sessionStorage.n = Number(sessionStorage.n || 0) + 1; show(); }; show();""",
    "local": """const show = () => { out.textContent = 'saved ' + (localStorage.n || 0); };
        b.onclick = () => { localStorage.n = Number(localStorage.n || 0) + 1; show(); }; show();""",
    "heap": "let n = 0; b.onclick = () => { n += 1; out.textContent = 'counted ' + n; };",
    "database": """const open = then => { const asked = indexedDB.open('d', 1);
            asked.onupgradeneeded = () => asked.result.createObjectStore('s');
            asked.onsuccess = () => { const db = asked.result;
                then(db.transaction('s', 'readwrite').objectStore('s'), db); }; };
        const show = () => open((store, db) => { const got = store.get('n');
            got.onsuccess = () => { out.textContent = 'kept ' + (got.result || 0); db.close(); }; });
        b.onclick = () => open((store, db) => { const got = store.get('n');
            got.onsuccess = () => { store.put((got.result || 0) + 1, 'n');
                store.transaction.oncomplete = () => { db.close(); show(); }; }; }); show();""",
    "vote": """const show = async () => { out.textContent = 'votes ' + await (await fetch('/votes')).text(); };
        b.onclick = async () => { await fetch('/votes', {method: 'POST'}); await show(); }; show();""",
}
NEXT = 'click button "Next"'
PATHS: Mapping[str, tuple[list[str], str]] = {
    "GET navigation": (['click link "List"', 'click link "Page 2"'], 'click link "Page 3"'),
    "form text": (['click link "Form"', 'fill textbox "Text" with "hello"'], 'click button "Echo"'),
    "cart": (['click link "Cart"', 'click button "Add"'], 'click button "Add"'),
    "login": (['click link "Account"', 'click button "Enter"'], 'click link "List"'),
    "sessionStorage": (['click link "session"', NEXT], NEXT),
    "JS heap": (['click link "heap"', NEXT], NEXT),
    "localStorage": (['click link "local"', NEXT], NEXT),
    "IndexedDB": (['click link "database"', NEXT], NEXT),
    "order placed": (['click link "Orders"', 'click button "Order"'], 'click button "Order"'),
    "fetch POST": (['click link "vote"', NEXT], NEXT),
}
"""For each kind the way there, and an action that shows whether the state is the true one."""
WRITING = ("cart", "login", "order placed", "fetch POST")


@dataclass(kw_only=True)
class Rows:
    """The server's side of one world."""

    carts: dict[str, int] = field(default_factory=dict)
    users: list[str] = field(default_factory=list)
    orders: int = 0
    votes: int = 0


@dataclass(kw_only=True)
class Kinds:
    """The site, which is also its own door to its worlds; the world "" is the live one."""

    worlds: dict[str, Rows] = field(default_factory=lambda: {"": Rows()})
    names: count[int] = field(default_factory=lambda: count(1))

    async def fork(self, world: str | None) -> str:
        name = f"w{next(self.names)}"
        self.worlds[name] = Rows() if world is None else deepcopy(self.worlds[world])
        return name

    async def drop(self, world: str) -> None:
        del self.worlds[world]

    def headers(self, world: str) -> Mapping[str, str]:
        return {"X-World": world}

    async def answer(self, request: web.Request) -> web.Response:
        rows = self.worlds[request.headers.get("X-World", "")]
        # A visitor's name is the same in every session, so that pages compare.
        visitor = request.cookies.get("visitor", "v")
        if request.method == "POST":
            self._write(request.path, rows, visitor)
        if request.path == "/votes":
            return web.Response(text=str(rows.votes))
        answer = web.Response(text=_page(request, rows, visitor), content_type="text/html")
        answer.set_cookie("visitor", visitor)
        return answer

    @staticmethod
    def _write(path: str, rows: Rows, visitor: str) -> None:
        if path == "/cart":
            rows.carts[visitor] = rows.carts.get(visitor, 0) + 1
        elif path == "/account":
            rows.users.append(visitor)
        elif path == "/orders":
            rows.orders += 1
        elif path == "/votes":
            rows.votes += 1


def _page(request: web.Request, rows: Rows, visitor: str) -> str:
    name = request.path.strip("/")
    if name in _SCRIPTS:
        body = f"<p id=out></p><button id=b>Next</button><script>{_SCRIPTS[name]}</script>"
    elif name == "list":
        page = request.query.get("page", "1")
        body = f"<p>page {page}</p>" + "".join(f"<a href='/list?page={n}'>Page {n}</a> " for n in (1, 2, 3))
    elif name == "form":
        body = f"""<form><input name=text aria-label=Text><button>Echo</button></form>
            <p>{"hello back" if request.query.get("text") == "hello" else "nothing said"}</p>"""
    elif name == "cart":
        body = f"<p>{rows.carts.get(visitor, 0)} in the cart</p><form method=post><button>Add</button></form>"
    elif name == "account":
        body = "<form method=post><button>Enter</button></form>"
    elif name == "orders":
        body = f"<p>{rows.orders} orders</p><form method=post><button>Order</button></form>"
    else:
        body = "start"
    links = ["List", "Form", "Cart", "Account", "Orders", *_SCRIPTS]
    menu = " ".join(f"<a href='/{link.lower()}'>{link}</a>" for link in links)
    who = "Known." if visitor in rows.users else "Unknown."
    return f"<!doctype html><title>{name}</title><nav>{who} {menu}</nav>{body}"
