"""A site of rooms that lead on without end, for tests with a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest


class Maze(BaseHTTPRequestHandler):
    """Pages that lead to three others each."""

    def do_GET(self) -> None:
        name = self.path.strip("/")
        links = "".join(f"<a href='/{name}{step}'>{name}{step}</a> " for step in "abc")
        body = f"<!doctype html><title>{name}</title><p>room {name}</p>{links}".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library named it
        """Say nothing."""


@pytest.fixture(scope="module")
def site(executable: Path) -> Iterator[str]:
    assert executable.exists()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Maze)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()
