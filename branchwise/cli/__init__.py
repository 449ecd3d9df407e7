"""The command line."""

from __future__ import annotations

import os
import signal
import sys

_SERVERS = (("worker",), ("serve",), ("pool", "up"))
"""Commands that end with 0 when they are told to; all others end with 130."""


def main() -> None:
    """Run `branchwise`."""
    _heed_signals()
    from branchwise.cli.app import app
    from branchwise.cli.console import forgive_encodings, hear_logs

    forgive_encodings()
    hear_logs()
    _trace_if_configured()

    try:
        app()
    finally:
        _let_go()


def _heed_signals() -> None:
    """End with the documented code and without a traceback on a signal that comes before the work has begun."""
    given = sys.argv[1:]
    values = {place + 1 for place, word in enumerate(given) if word == "--config"}
    words = tuple(
        word for place, word in enumerate(given) if not word.startswith("-") and place not in values
    )
    serves = any(words[: len(command)] == command for command in _SERVERS)

    def stop(*_: object) -> None:
        shown = b"\x1b[?25h" if sys.stderr.isatty() else b""  # the cursor, which a live line hides
        os.write(2, shown + b"Interrupted. What a run had done is stored; `branchwise runs` lists it.\n")
        os._exit(0 if serves else 130)

    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as a shell's background commands have it
            signal.signal(number, stop)


def _trace_if_configured() -> None:
    """Report runs live if the process began with a tracer provider (`opentelemetry-instrument branchwise ...`)."""
    api = sys.modules.get("opentelemetry.trace")
    if api is not None and not isinstance(api.get_tracer_provider(), api.ProxyTracerProvider):
        from branchwise.integrations.opentelemetry.live import instrument

        instrument()


def _let_go() -> None:
    """Flush standard output and error; a reader that closed its pipe (`| head`) is not an error."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            # Python flushes once more at exit and would report the error there.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
