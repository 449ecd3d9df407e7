"""Write results.md from speed.json, servers.json and quality.json: python benchmarks/peers/tables.py."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MACHINE = (
    "two cores of a virtual machine; for the clients a slow one with nothing else to do and Debian's Python 3.11, "
    "for the quality one shared with other work (load 20 to 40)"
)


def speed(found: dict[str, Any]) -> Iterator[str]:
    """The table of seconds and CPU."""
    yield f"## {found['instances']} instances x Best-of-{found['n']}, a server of {found['latency'] * 1e3:.0f} ms"
    yield f"Medians of {found['repeats']} repeats in turns; ratios are medians over repeats, to branchwise."
    yield ""
    yield "| client | wall s (least) | x | client CPU ms an instance | proxy's | x | requests | at once |"
    yield "|---|---|---|---|---|---|---|---|"
    for row in found["clients"]:
        yield (
            f"| {row['client']} | {row['seconds']:.3f} ({row['least_seconds']:.3f}) | {row['seconds_by_ours']:.2f} | "
            f"{row['cpu_ms_an_instance']:.1f} | {row['proxy_cpu_ms_an_instance'] or '–'} | {row['cpu_by_ours']:.2f} | "
            f"{row['requests']} | {row['peak_in_flight']} |"
        )
    yield ""
    versions: dict[str, str] = {}
    for row in found["clients"]:
        versions |= row["versions"]
    yield "Versions: " + ", ".join(f"{name} {number}" for name, number in versions.items()) + "."


def servers(found: dict[str, Any]) -> Iterator[str]:
    """The table of servers, and what each adds to the same work without it."""
    yield (
        f"## {found['requests']} requests at once through a server, {found['n']} samples each, a model of "
        f"{found['latency'] * 1e3:.0f} ms"
    )
    yield (
        f"{found['date']} UTC, {found['machine']} (shared with other work). Medians of {found['repeats']} repeats in "
        "turns. Stored: bytes of the files in the server's home."
    )
    yield ""
    yield (
        "| who answers | wall s (least) | CPU ms a request (least) | requests upstream | at once | MiB "
        "| stored KiB a request |"
    )
    yield "|---|---|---|---|---|---|---|"
    for row in found["clients"]:
        memory, kept = row.get("rss_mib", "–"), row.get("stored_kib_a_request", "–")
        yield (
            f"| {row['client']} | {row['seconds']:.2f} ({row['least_seconds']:.2f}) | {row['cpu_ms_a_request']:.1f} "
            f"({min(row['all_cpu_ms']):.1f}) | {row['upstream']} | {row['at_once']} | {memory} | {kept} |"
        )
    yield ""
    more, least = found["added_cpu_ms_a_request"], least_added(found["clients"])
    yield "CPU ms a request that a server adds to the same work without it (medians over repeats; least minus least):"
    yield ", ".join(f"{name} {more[name]:.1f} ({least[name]:.1f})" for name in more) + "."
    ours, theirs = (
        next(name for name in more if name.startswith(word)) for word in ("branchwise", "optillm")
    )
    yield (
        f"Ours adds {more[ours] / more[theirs]:.2f} of what optillm's proxy adds, by the least "
        f"{least[ours] / least[theirs]:.2f}; the aim is 0.10. optillm's sends more requests upstream: "
        "branchwise has equal samples judged once."
    )
    yield ""
    yield "Versions: " + ", ".join(f"{name} {number}" for name, number in found["versions"].items()) + "."


def least_added(clients: list[dict[str, Any]]) -> dict[str, float]:
    """What each server adds, by the least CPU of all repeats: what other work on the machine disturbs least."""
    pairs = zip(clients[::2], clients[1::2], strict=True)
    return {server["client"]: min(server["all_cpu_ms"]) - min(less["all_cpu_ms"]) for server, less in pairs}


def quality(found: dict[str, Any]) -> Iterator[str]:
    """The table of solved instances and what they took."""
    yield (
        f"## NATURAL PLAN {found['task']}, {found['instances']} instances, {found['n']} samples each, temperature "
        f"{found['temperature']:g}, {found['rounds']} rounds"
    )
    yield "SmolLM2-135M behind one server. Percent solved, with the bootstrap's 95% interval over instances; tokens and"
    yield "calls an instance as the server counted them."
    yield ""
    yield "| client | every constraint holds | official exact match | answer tokens | other tokens | calls |"
    yield "|---|---|---|---|---|---|"
    for row in found["clients"]:
        spent = row["an_instance"]
        yield (
            f"| {row['client']} | {row['solved']['constraints']} | {row['solved']['official']} | "
            f"{spent['answer_tokens']:.0f} | {spent.get('other_tokens', 0):.0f} | {spent['requests']:.1f} |"
        )
    yield ""
    yield "Versions: " + ", ".join(f"{name} {number}" for name, number in found["versions"].items()) + "."


def main() -> None:
    """Write the file."""
    lines = ["# Beside its peers: results", f"Machine: {MACHINE}. How: [README.md](README.md).", ""]
    for name, table in (("speed", speed), ("servers", servers), ("quality", quality)):
        file = HERE / f"{name}.json"
        if file.exists():
            lines += [*table(json.loads(file.read_text(encoding="utf-8"))), ""]
    (HERE / "results.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
