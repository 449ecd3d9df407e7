"""Write benchmarks/web_results.md from what miniwob_search.py, shop_search.py and web_speed.py measured.

python benchmarks/web_report.py
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from pathlib import Path
from typing import Any

from branchwise.statistics.bootstrap import bootstrap

HERE = Path(__file__).parent
POLICIES = ("uniform", "lexical", "embedded")
Rows = list[dict[str, Any]]


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a proportion."""
    z, p = 1.96, hits / of
    middle, half = p + z * z / (2 * of), z * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    return max(0.0, middle - half) / (1 + z * z / of), (middle + half) / (1 + z * z / of)


def of_method(rows: Rows, method: str) -> dict[tuple[str, int], dict[str, Any]]:
    """A method's rows by task and seed."""
    return {(row["task"], row["seed"]): row for row in rows if row["method"] == method}


def against(rows: Rows, ours: str, theirs: str) -> str:
    """The difference in success on the same instances, bootstrapped over tasks."""
    by_task: dict[str, list[float]] = defaultdict(list)
    one, other = of_method(rows, ours), of_method(rows, theirs)
    for key in one.keys() & other.keys():
        by_task[key[0]].append(float(one[key]["solved"]) - float(other[key]["solved"]))
    if len(by_task) < 5:
        return "too few tasks"
    return bootstrap([sum(all_) / len(all_) for _, all_ in sorted(by_task.items())]).percent(0)


def won_and_lost(rows: Rows, ours: str, theirs: str) -> str:
    """Instances that only one of two methods solved, and the exact sign test's p."""
    one, other = of_method(rows, ours), of_method(rows, theirs)
    pairs = [(one[key]["solved"], other[key]["solved"]) for key in one.keys() & other.keys()]
    won, lost = pairs.count((True, False)), pairs.count((False, True))
    tail = sum(math.comb(won + lost, k) for k in range(min(won, lost) + 1)) / 2 ** (won + lost)
    return f"{won} : {lost} of {len(pairs)}, p = {min(1.0, 2 * tail):.3f}"


def methods_table(rows: Rows) -> list[str]:
    """Success, steps and speed of every method."""
    names = (
        "method",
        "solved",
        "share, 95 %",
        "minus restarts, points, 95 % over tasks",
        "won : lost against them",
    )
    names = (*names, "actions", "replayed", "actions/s")
    lines = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    for method in dict.fromkeys(row["method"] for row in rows):
        mine = list(of_method(rows, method).values())
        hits, steps = sum(row["solved"] for row in mine), sum(row["steps"] for row in mine)
        low, high = wilson(hits, len(mine))
        seconds, replayed = sum(row["seconds"] for row in mine), sum(row["replayed"] for row in mine)
        than = " | "
        if method not in {"restarts", "rollout"}:
            than = f"{against(rows, method, 'restarts')} | {won_and_lost(rows, method, 'restarts')}"
        lines.append(
            f"| {method} | {hits}/{len(mine)} | {hits / len(mine):.0%} [{low:.0%}, {high:.0%}] | {than} "
            f"| {steps} | {replayed} | {steps / seconds:.2f} |"
        )
    return lines


def tasks_table(rows: Rows) -> list[str]:
    """Solved of tried, by task and method; tasks that nothing solved are named in one line."""
    methods = list(dict.fromkeys(row["method"] for row in rows))
    solved = {row["task"] for row in rows if row["solved"]}
    never = sorted({row["task"] for row in rows} - solved)
    lines = ["| task | " + " | ".join(methods) + " |", "|---|" + "---|" * len(methods)]
    for task in sorted(solved):
        cells = []
        for method in methods:
            mine = [row["solved"] for row in rows if (row["task"], row["method"]) == (task, method)]
            cells.append(f"{sum(mine)}/{len(mine)}" if mine else "")
        lines.append(f"| {task} | " + " | ".join(cells) + " |")
    if never:
        lines += ["", f"Solved by none ({len(never)}): {', '.join(never)}."]
    return lines


def section(title: str, name: str) -> list[str]:
    """One part of the report for each policy that was measured."""
    lines: list[str] = []
    for policy in POLICIES:
        file = HERE / f"{name}_{policy}.json"
        if file.exists():
            found = json.loads(file.read_text(encoding="utf-8"))
            lines += [f"## {title}, {policy} policy, {found['asked']['steps']} actions at most", ""]
            lines += [*methods_table(found["rows"]), "", *tasks_table(found["rows"]), ""]
    return lines


def together(names: list[str]) -> list[str]:
    """Every search against restarts over all tasks and goals of each policy."""
    lines = ["## MiniWoB++ and the sites together", ""]
    head = ("policy", "method", "minus restarts, points, 95 % over tasks", "won : lost against them")
    lines += [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for policy in POLICIES:
        files = [file for name in names if (file := HERE / f"{name}_{policy}.json").exists()]
        rows = [row for file in files for row in json.loads(file.read_text(encoding="utf-8"))["rows"]]
        for method in dict.fromkeys(row["method"] for row in rows):
            if method not in {"restarts", "rollout"}:
                than = f"{against(rows, method, 'restarts')} | {won_and_lost(rows, method, 'restarts')}"
                lines.append(f"| {policy} | {method} | {than} |")
    return [*lines, ""]


def speed() -> list[str]:
    """Steps a second by number of contexts, beside bare Playwright, and restores by rung."""
    file = HERE / "web_speed.json"
    if not file.exists():
        return []
    found = json.loads(file.read_text(encoding="utf-8"))
    head = f"## Contexts at once, in one browser ({found['cores']} cores, load average {found['load']:.0f})"
    names = ("contexts", "actions/s", "times one context", "bare Playwright", "CPU ms an action", "bare")
    lines = [head, "", f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    one = found["rows"][0]["steps_per_second"]
    for row in found["rows"]:
        rate, bare = row["steps_per_second"], row["bare_steps_per_second"]
        used = f"{row['cpu_ms_per_step']:.0f} | {row['bare_cpu_ms_per_step']:.0f}"
        lines.append(f"| {row['contexts']} | {rate:.2f} | {rate / one:.2f} | {bare:.2f} | {used} |")
    lines += ["", "| a page four clicks deep, restored by | median ms |", "|---|---|"]
    lines += [f"| {row['rung']} | {row['median_ms']:.0f} |" for row in found["restores"]]
    return [*lines, ""]


def main() -> None:
    """Write the report, with what a person wrote above the mark kept."""
    out = HERE / "web_results.md"
    mark = "<!-- what follows is written by benchmarks/web_report.py -->"
    before = out.read_text(encoding="utf-8").partition(mark)[0] if out.exists() else "# Searching pages\n\n"
    sites = (("MiniWoB++", "miniwob_every"), ("The shop", "shop"), ("The tracker", "tracker"))
    parts = [line for title, name in sites for line in section(title, name)]
    parts += [*together([name for _, name in sites]), *speed()]
    out.write_text(before + mark + "\n\n" + "\n".join(parts).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
