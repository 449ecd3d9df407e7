"""A PostgreSQL server of our own, to be restarted at will."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


class PostgresMissingError(Exception):
    """There is no server to start."""


class Cluster:
    """A server in a folder of its own, on a free port of this machine."""

    def __init__(self, folder: Path) -> None:
        programs = shutil.which("initdb")
        self._bin = Path(programs).resolve().parent if programs else _PROGRAMS[-1] if _PROGRAMS else None
        if self._bin is None:
            raise PostgresMissingError(
                "No `initdb` on the path or in /usr/lib/postgresql: apt install postgresql"
            )
        self._folder = folder
        # PostgreSQL refuses to run as root, who may act as the user that its package has made.
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user:
            shutil.chown(folder, self._user)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port: int = probe.getsockname()[1]

    @property
    def url(self) -> str:
        """Of the database that every server has."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self._port}/postgres"

    @property
    def _settings(self) -> str:
        return f"-p {self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self._folder}"

    def start(self) -> None:
        """Make the cluster and start it."""
        self._run("initdb", "-D", "data", "-U", "postgres", "-A", "trust", "--locale=C", "-E", "UTF8")
        self.resume()

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        return self._port

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        lines = (self._folder / "data/postmaster.pid").read_text(encoding="ascii").splitlines()
        return int(lines[0])

    def follow(self, primary: Cluster) -> None:
        """Copy another server and start as its standby; the other one then waits for it at every commit."""
        source = ("-h", "127.0.0.1", "-p", str(primary.port), "-U", "postgres")
        self._run("pg_basebackup", *source, "-D", "data", "-R", "-C", "-S", "standby", "-c", "fast")
        self.resume()
        primary.ask("ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()")

    def promote(self) -> None:
        """Make a standby a server of its own."""
        self._run("pg_ctl", "-D", "data", "-w", "promote")

    def ask(self, *statements: str) -> None:
        """Run statements, each by itself."""
        for statement in statements:
            self._run("psql", "-h", "127.0.0.1", "-p", str(self._port), "-U", "postgres", "-c", statement)

    def restart(self) -> None:
        """Pull the plug and start again: every connection breaks, and the server recovers from its log."""
        self._run("pg_ctl", "-D", "data", "-l", "log", "-m", "immediate", "-w", "restart")

    def resume(self) -> None:
        """Start it again after `stop`."""
        self._run("pg_ctl", "-D", "data", "-l", "log", "-o", self._settings, "-w", "start")

    def stop(self) -> None:
        """Stop it."""
        self._run("pg_ctl", "-D", "data", "-m", "immediate", "-w", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        assert self._bin is not None
        # Output goes to a file: the server inherits it, and a pipe would stay open as long as it runs.
        with (self._folder / f"{program}.out").open("a+") as out:
            done = subprocess.run(
                [str(self._bin / program), *arguments],
                stdout=out,
                stderr=out,
                user=self._user,
                cwd=self._folder,
                check=False,
                timeout=120,
            )
            if done.returncode:
                out.seek(0)
                raise RuntimeError(f"{program} failed: {out.read()}")


@contextmanager
def own_postgres() -> Iterator[Cluster]:
    """Start a server, and stop and delete it at the end.

    Raises:
        PostgresMissingError: PostgreSQL is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="bw-pg-", dir="/tmp") as folder:
        cluster = Cluster(Path(folder))
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()


@contextmanager
def own_standby(primary: Cluster) -> Iterator[Cluster]:
    """Start a synchronous standby of a server, and stop and delete it at the end."""
    with tempfile.TemporaryDirectory(prefix="bw-pg-", dir="/tmp") as folder:
        cluster = Cluster(Path(folder))
        cluster.follow(primary)
        try:
            yield cluster
        finally:
            cluster.stop()
