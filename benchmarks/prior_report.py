"""What the free prior brings: MiniWoB++ tasks that its weights were not taken from, uniform draws, equal actions.

python benchmarks/miniwob_search.py --methods restarts best_first --steps 20 --prior 0 --out none.json
python benchmarks/miniwob_search.py --methods restarts best_first --steps 20 --prior 8 --out 8.json
python benchmarks/prior_report.py none.json 8.json > benchmarks/prior_results.md
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from repair_search import sign_test
from web_report import wilson


def report(without: list[dict[str, Any]], given: list[dict[str, Any]]) -> str:
    """The table: episodes that both have."""

    def keyed(rows: list[dict[str, Any]]) -> dict[tuple[str, int, str], dict[str, Any]]:
        return {(row["task"], row["seed"], row["method"]): row for row in rows}

    one, other = keyed(without), keyed(given)
    both = sorted(one.keys() & other.keys())
    lines = [
        "# A free prior, measured on tasks that it was not written on",
        "",
        "Uniform draws among all listed actions (none) or among the eight likeliest (8); 20 actions at most.",
        "A task draws once or twice, as the shared machine allowed.",
        f"Tasks: {', '.join(sorted({task for task, _, _ in both}))}.",
        "",
        "| search | prior | solved | of | 95 % | actions | 8 against none, won : lost | p |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for method in sorted({method for _, _, method in both}):
        keys = [key for key in both if key[2] == method]
        won = sum(other[key]["solved"] and not one[key]["solved"] for key in keys)
        lost = sum(one[key]["solved"] and not other[key]["solved"] for key in keys)
        for name, rows in (("none", one), ("8", other)):
            solved = sum(rows[key]["solved"] for key in keys)
            low, high = wilson(solved, len(keys))
            against = f"{won} : {lost} | {sign_test(won, lost):.2f}" if name == "8" else " | "
            spent = sum(rows[key]["steps"] for key in keys)
            lines.append(
                f"| {method} | {name} | {solved} | {len(keys)} | {low:.0%} to {high:.0%} | {spent} | {against} |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    print(report(*(json.loads(Path(name).read_text(encoding="utf-8"))["rows"] for name in sys.argv[1:3])))
