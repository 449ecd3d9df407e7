"""The report on a log of several methods with one run each: the gain of choosing per instance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from statistics import fmean, quantiles

from branchwise.evals.log import Feature, Log
from branchwise.evals.planning import folds
from branchwise.evals.repairs import repairs
from branchwise.evals.report import Report, Table
from branchwise.statistics.bootstrap import bootstrap, paired

Outcome = Mapping[str, Sequence[float]]
"""One outcome an instance by method."""


def choosing(title: str, log: Log, facts: Mapping[str, str]) -> Report:
    """Compare methods, a chooser on visible features, and repairs where the log has them."""
    groups = _groups(log)
    chosen = [_chosen(name, instances, right, log) for name, (instances, right) in groups.items()]
    notes = (
        "The chooser is fitted on four fifths of the instances and scored on the rest. The union counts an "
        "instance where any single run is right: luck flatters it, so beside it stands the union that "
        "independent runs of the same mean accuracies would give. It is no head-room for a planner; with one run "
        "of each method there is no split-half oracle, and methods cost what they cost."
    )
    if len(chosen) > 1:
        notes += f" Of {len(chosen)} groups one in twenty may show a gain or a loss by chance."
    tables = [_methods(groups, log)]
    tables.append(
        Table(
            title="Choosing a method per instance",
            columns=(
                "group",
                "random % [95%]",
                "best fixed % [95%]",
                "chooser % [95%]",
                "chooser minus best fixed [95%]",
                "verdict",
                "tokens: random / fixed / chooser",
                "union",
                "by chance",
            ),
            rows=tuple(chosen),
            note=notes,
        )
    )
    repaired = repairs(log)
    if repaired is not None:
        tables.append(repaired)
    return Report(title=title, facts={**facts, "Instances": str(len(log.instances))}, tables=tuple(tables))


def _groups(log: Log) -> dict[str, tuple[list[str], dict[str, list[float]]]]:
    """Methods that can be compared: arms `task/model/method` by task and model, other arms all together."""
    arms: dict[str, list[str]] = {}
    for arm in log.arms:
        if arm.startswith("repair/"):
            continue
        arms.setdefault(arm.rpartition("/")[0] or "all methods", []).append(arm)
    groups = {}
    for group, members in arms.items():
        first = {arm: {name: pool[0] for name, pool in log.pools(arm).items()} for arm in members}
        shared = [name for name in log.instances if all(name in pools for pools in first.values())]
        if len(members) > 1 and len(shared) >= 20:
            groups[group] = (
                shared,
                {arm: [float(first[arm][name].correct or False) for name in shared] for arm in members},
            )
    return groups


def _methods(groups: Mapping[str, tuple[list[str], dict[str, list[float]]]], log: Log) -> Table:
    rows = []
    for group, (instances, right) in groups.items():
        for arm, values in right.items():
            pools = log.pools(arm)
            tokens = fmean(pools[name][0].tokens for name in instances)
            label = arm if group in arm else f"{group}: {arm}"
            rows.append((label, str(len(instances)), bootstrap(values).percent(), _price(tokens)))
    return Table(
        title="Methods, one run each",
        columns=("method", "instances", "accuracy % [95%]", "tokens"),
        rows=tuple(rows),
    )


def _chosen(group: str, instances: Sequence[str], right: Outcome, log: Log) -> tuple[str, ...]:
    features = [log.header.features.get(name, {}) for name in instances]
    pools = {arm: log.pools(arm) for arm in right}
    tokens = {arm: [float(pools[arm][name][0].tokens) for name in instances] for arm in right}
    fixed, chooser = [0.0] * len(instances), [0.0] * len(instances)
    spent = {"random": [fmean(column) for column in zip(*tokens.values(), strict=True)]}
    spent |= {way: [0.0] * len(instances) for way in ("fixed", "chooser")}
    for train, test in folds(len(instances)):
        best = _best(right, train)
        choose = _chooser(right, features, train)
        for i in test:
            fixed[i], chooser[i] = right[best][i], right[choose(i)][i]
            spent["fixed"][i], spent["chooser"][i] = tokens[best][i], tokens[choose(i)][i]
    gain = paired(chooser, fixed)
    union = fmean(max(values[i] for values in right.values()) for i in range(len(instances)))
    chance = 1 - prod(1 - fmean(values) for values in right.values())
    return (
        group,
        bootstrap([fmean(column) for column in zip(*right.values(), strict=True)]).percent(),
        bootstrap(fixed).percent(),
        bootstrap(chooser).percent(),
        gain.percent(),
        gain.verdict,
        " / ".join(_price(fmean(values)) for values in spent.values()),
        f"{100 * union:.1f}",
        f"{100 * chance:.1f}",
    )


def _price(tokens: float) -> str:
    return f"{tokens:,.0f}" if tokens else "not logged"


def _chooser(
    right: Outcome, features: Sequence[Mapping[str, Feature]], train: Sequence[int]
) -> Callable[[int], str]:
    """The best method by class of one feature, the feature that helps most on the training instances."""
    overall = _best(right, train)
    best_total, best = sum(right[overall][i] for i in train), (lambda _: overall)
    for name in sorted({key for i in train for key in features[i]}):
        classify = _classes([features[i].get(name) for i in train])
        members: dict[object, list[int]] = {}
        for i in train:
            members.setdefault(classify(features[i].get(name)), []).append(i)
        # A class of few instances has no say of its own.
        table = {key: _best(right, rows) if len(rows) >= 10 else overall for key, rows in members.items()}
        total = sum(right[table[key]][i] for key, rows in members.items() for i in rows)
        if total > best_total:
            best_total, best = total, _by(table, classify, [f.get(name) for f in features], overall)
    return best


def _by(
    table: Mapping[object, str],
    classify: Callable[[Feature | None], object],
    values: Sequence[Feature | None],
    otherwise: str,
) -> Callable[[int], str]:
    return lambda i: table.get(classify(values[i]), otherwise)


def _classes(values: Sequence[Feature | None]) -> Callable[[Feature | None], object]:
    """Terciles of numbers; other values are their own class."""
    numbers = [float(v) for v in values if isinstance(v, float | int) and not isinstance(v, bool)]
    if len(numbers) < len(values) or len(set(numbers)) <= 3:
        return lambda value: value
    edges = quantiles(numbers, n=3)
    return lambda value: sum(float(value or 0) > edge for edge in edges)


def _best(right: Outcome, rows: Sequence[int]) -> str:
    return max(right, key=lambda arm: sum(right[arm][i] for i in rows))
