"""50 instances x Best-of-8 at once, by branchwise and its peers in turns, on one loopback server of 50 ms.

    python benchmarks/peers/speed.py --its ENV --optillm ENV --langgraph ENV

Each peer is one script, `speed_PEER.py`, that runs in its own environment (README.md says how to make them) and
stays open between repeats; a repeat of each comes before the next repeat of any. Wall seconds are of a whole
repeat; CPU is the client's, per instance, and the proxy's where there is one.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import fake_server  # noqa: E402 - lies one folder up


@dataclass(kw_only=True)
class Peer:
    """One client and what it has done."""

    name: str
    process: subprocess.Popen[str]
    versions: Mapping[str, str]
    rows: list[dict[str, Any]] = field(default_factory=list)

    def turn(self, salt: str) -> dict[str, Any]:
        """Have it do one repeat."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{salt}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended")
        return dict(json.loads(line))


@contextmanager
def opened(name: str, python: str, script: str, arguments: Sequence[str]) -> Iterator[Peer]:
    """Start a peer and end it."""
    process = subprocess.Popen(
        [python, str(HERE / script), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(HERE), "PYTHONWARNINGS": "ignore"},
    )
    try:
        assert process.stdout is not None
        yield Peer(name=name, process=process, versions=json.loads(process.stdout.readline()))
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait()


def counted(url: str, what: str) -> dict[str, Any]:
    """Ask the server what came in, or have it forget."""
    at = url.removesuffix("/v1") + f"/{what}"
    request = urllib.request.Request(at, method="POST" if what == "reset" else "GET")
    with urllib.request.urlopen(request) as reply:
        body = reply.read()
    return dict(json.loads(body)) if body else {}


def measure(given: argparse.Namespace) -> dict[str, Any]:
    """Run all repeats."""
    size = [str(given.instances), str(given.n)]
    peers = [
        ("branchwise, stored in SQLite", sys.executable, "speed_branchwise.py", []),
        ("bare aiohttp, n=8, nothing stored", sys.executable, "speed_bare.py", []),
    ]
    if given.its:
        its = f"{given.its}/bin/python"
        peers += [
            ("its-hub, 32 at once (its default)", its, "speed_its.py", []),
            ("its-hub, no limit", its, "speed_its.py", ["-1"]),
        ]
    if given.langgraph:
        own = f"{given.langgraph}/bin/python"
        peers.append(("LangGraph, its SQLite saver", own, "speed_langgraph.py", []))
    if given.optillm:
        peers.append(("optillm, proxy", f"{given.optillm}/bin/python", "speed_optillm.py", []))
    with ExitStack() as stack:
        url = stack.enter_context(fake_server.running(latency=given.latency, tokens=32))
        those = [
            stack.enter_context(opened(name, python, script, [url, *size, *more]))
            for name, python, script, more in peers
        ]
        for peer in those:
            peer.turn("warm")
        for repeat in range(given.repeats):
            # Forwards, then backwards: a machine that grows busier meanwhile favours none.
            for peer in those if repeat % 2 == 0 else reversed(those):
                counted(url, "reset")
                row = peer.turn(f"repeat {repeat}")
                peer.rows.append(row | {"server": counted(url, "stats")})
                print(json.dumps({"client": peer.name, **row}), file=sys.stderr, flush=True)
        return {
            "instances": given.instances,
            "n": given.n,
            "latency": given.latency,
            "repeats": given.repeats,
            "clients": [_summary(peer, those[0], given.instances) for peer in those],
        }


def _summary(peer: Peer, ours: Peer, instances: int) -> dict[str, Any]:
    def median(name: str, scale: float = 1.0) -> float:
        return round(statistics.median(row[name] for row in peer.rows) * scale, 3)

    pairs = list(zip(peer.rows, ours.rows, strict=True))
    return {
        "client": peer.name,
        "versions": dict(peer.versions),
        "seconds": median("seconds"),
        "least_seconds": round(min(row["seconds"] for row in peer.rows), 3),
        "all_seconds": [round(row["seconds"], 3) for row in peer.rows],
        "cpu_ms_an_instance": median("cpu", 1e3 / instances),
        "proxy_cpu_ms_an_instance": median("proxy_cpu", 1e3 / instances),
        "seconds_by_ours": round(statistics.median(a["seconds"] / b["seconds"] for a, b in pairs), 2),
        "cpu_by_ours": round(statistics.median((a["cpu"] + a["proxy_cpu"]) / b["cpu"] for a, b in pairs), 2),
        "requests": peer.rows[-1]["server"]["requests"],
        "peak_in_flight": max(row["server"]["peak_requests"] for row in peer.rows),
    }


def main() -> None:
    """Measure and write JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("its", "optillm", "langgraph"):
        parser.add_argument(f"--{name}", help="its virtual environment; left out without one")
    parser.add_argument("--instances", type=int, default=50)
    parser.add_argument("--n", type=int, default=8)
    parser.add_argument("--latency", type=float, default=0.05)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--out", type=Path, default=HERE / "speed.json")
    given = parser.parse_args()
    found = measure(given)
    given.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    for row in found["clients"]:
        print(json.dumps({key: row[key] for key in row if key not in {"versions", "all_seconds"}}))


if __name__ == "__main__":
    main()
