"""Write results.md from speed.json and quality.json: python benchmarks/peers/tables.py."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MACHINE = (
    "two cores of a virtual machine; for the first a slow one with nothing else to do and Debian's Python 3.11, "
    "for the second one shared with other work (load 20 to 40)"
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
    for name, table in (("speed", speed), ("quality", quality)):
        file = HERE / f"{name}.json"
        if file.exists():
            lines += [*table(json.loads(file.read_text(encoding="utf-8"))), ""]
    (HERE / "results.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
