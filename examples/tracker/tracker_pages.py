"""A request to the tracker, and the parts of its pages."""

from __future__ import annotations

import html
import secrets
import sqlite3
from typing import Any

from aiohttp import web
from tracker_world import PEOPLE, Worlds

WORLDS = web.AppKey("WORLDS", Worlds)


class Visit:
    """One request: its world and its session."""

    def __init__(self, request: web.Request) -> None:
        world = request.headers.get("X-World", "")
        databases = request.app[WORLDS].databases
        if world not in databases:
            raise web.HTTPNotFound(text="no such world")
        self.database: sqlite3.Connection = databases[world]
        self.session = request.cookies.get("session", "")
        if not self.rows("select 1 from sessions where id = ?", self.session):
            self.session = secrets.token_hex(16)
            self.rows("insert into sessions(id) values (?)", self.session)
        self.user, self.consent = self.rows("select user, consent from sessions where id = ?", self.session)[
            0
        ]

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Run one statement."""
        return self.database.execute(query, values).fetchall()

    def page(self, title: str, body: str, path: str) -> web.Response:
        """Answer with a page, and note the visit."""
        self.rows("insert into visits values (?, ?, ?, ?)", self.session, self.user, path, self.consent)
        who = (
            f"<span>Hello {html.escape(self.user)}</span>" if self.user else "<a href='/sign-in'>Sign in</a>"
        )
        banner = (
            "<div id=banner role=region aria-label=Cookies>One cookie. <button>Accept cookies</button></div>"
        )
        text = (
            f"<!doctype html><html lang=en><title>{html.escape(title)}</title>"
            "<link rel=stylesheet href=/tracker.css><script src=/tracker.js defer></script>"
            f"<nav><a href='/'>Board</a><a href='/issues'>Issues</a><a href='/report'>Reports</a>"
            f"<button id=new>New issue</button>{who}<time id=clock></time></nav>"
            f"<main><h1>{html.escape(title)}</h1>{body}</main>{'' if self.consent else banner}{_dialog()}</html>"
        )
        response = web.Response(text=text, content_type="text/html")
        response.set_cookie("session", self.session, httponly=True, samesite="Lax")
        return response


def options(values: tuple[str, ...], chosen: str = "") -> str:
    """The options of a list."""
    return "".join(f"<option{' selected' if one == chosen else ''}>{one}</option>" for one in values)


def _dialog() -> str:
    return (
        "<dialog id=creation aria-label='New issue'><form method=dialog><label>Title <input name=title></label>"
        f"<label>Assignee <select name=assignee>{options(PEOPLE, 'eve')}</select></label>"
        f"{suggested('create')}<button value=no>Discard</button><button value=yes>Create</button></form></dialog>"
    )


def suggested(name: str) -> str:
    """A field for a label, with suggestions."""
    return (
        f"<label>Label <input role=combobox aria-expanded=false aria-controls={name}-list data-suggest={name} "
        f"autocomplete=off></label><ul role=listbox id={name}-list aria-label=Suggestions hidden></ul>"
    )
