"""The report on a log of many independent samples an instance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from branchwise.evals.audit_tables import audit_tables
from branchwise.evals.audited import Audited, audited
from branchwise.evals.compared import compared
from branchwise.evals.given_answers import given_answers, table_of
from branchwise.evals.log import Log
from branchwise.evals.outcomes import Outcomes, outcomes
from branchwise.evals.policy import MOST, Policy, policies
from branchwise.evals.probing import probing
from branchwise.evals.repairs import repairs
from branchwise.evals.report import Curve, Point, Report, Table
from branchwise.evals.simulated import simulated
from branchwise.evals.step_simulator import step_simulator, tells_survival
from branchwise.evals.stepwise import step_verifiers, stepwise
from branchwise.evals.whole_pools import whole_pools
from branchwise.statistics.beta import Beta
from branchwise.statistics.bootstrap import bootstrap
from branchwise.statistics.pass_at_k import coverage, pass_at_k
from branchwise.statistics.power_law import power_law
from branchwise.statistics.reliability import Reliability, reliability
from branchwise.store.errors import BadInput
from branchwise.store.records import VerifiedBy


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplayPlan:
    """How a log is replayed."""

    limits: tuple[int, ...]
    """Numbers of samples of the policies, rising, at most half of a pool."""
    budgets: tuple[int, ...]
    """Numbers of samples whose mean tokens are the budgets that planners are compared at."""
    probes: int
    """Samples that the planner looks at first."""
    arm: str = ""
    """The arm that is probed and whose samples define the budgets."""
    arms: tuple[str, ...] = ()
    """The arms that policies draw from; all where empty."""


def pooled(title: str, log: Log, plan: ReplayPlan, facts: Mapping[str, str], *, seeds: int) -> Report:
    """Replay every policy and planner on the log.

    Args:
        title: The log's name.
        log: The recorded samples.
        plan: How to replay them.
        facts: Provenance, for the head of the report.
        seeds: How often each half of an instance's samples is played.
    """
    repaired = repairs(log)
    log = _whole(log, plan)
    found = outcomes(log, policies(log, plan.limits, arms=plan.arms), seeds=seeds)
    probed = probing(log, plan.arm, found.instances, probes=plan.probes, seeds=seeds)
    budgets = {n: _budget(found, plan.arm, n) for n in plan.budgets}
    checked = _audited(log, plan, budgets, seeds)
    planners, pairs = compared(found, probed, budgets, probes=plan.probes, arm=plan.arm, checked=checked)
    plots: dict[str, Reliability] = {}
    if pairs:
        plots["Forecast pass@1"] = reliability([f for f, _ in pairs], [o for _, o in pairs])
    if checked is not None:
        plots["P(correct), raw score"] = reliability([s for s, _ in checked.raw], [o for _, o in checked.raw])
        calibrated = checked.confidences
        plots["P(correct), audited"] = reliability([s for s, _ in calibrated], [o for _, o in calibrated])
    return Report(
        title=title,
        facts={
            **facts,
            "Instances": str(len(found.instances)),
            "Seeds": f"{seeds}, two disjoint halves each",
        },
        tables=(
            _policies(found, log, plan),
            *planners,
            *(audit_tables(checked) if checked is not None else ()),
            *_given(log, plan, checked, seeds),
            *_reliabilities(plots),
            _coverage(log, plan),
            *_stepwise(log, found, seeds),
            *_whole_pools(log, plan),
            *_simulated(log, found, seeds),
            *((repaired,) if repaired is not None else ()),
        ),
        curves=_curves(found),
        reliability=plots,
    )


def _whole(log: Log, plan: ReplayPlan) -> Log:
    """The log without instances whose pools are too small.

    Raises:
        BadInput: None is left.
    """
    arms = plan.arms or log.arms
    enough = set(log.instances)
    for arm in arms:
        enough &= {name for name, pool in log.pools(arm).items() if len(pool) >= 2 * max(plan.limits)}
    if not enough:
        wanted = f"{2 * max(plan.limits)} samples of {' and of '.join(arms)}"
        raise BadInput(f"No instance of the log has {wanted}: nothing can be replayed.")
    return Log(
        header=log.header, samples=tuple(s for s in log.samples if s.instance in enough and s.arm in arms)
    )


def _budget(found: Outcomes, arm: str, n: int) -> float:
    return next(
        found.cost(p) for p in found.right if p.strategy == "best_of_n" and p.limit == n and p.arm == arm
    )


def _audited(log: Log, plan: ReplayPlan, budgets: Mapping[int, float], seeds: int) -> Audited | None:
    answers = any(sample.answer is not None for sample in log.samples)
    if log.header.verified_by is VerifiedBy.PROGRAM or log.header.verifier is None or not answers:
        return None
    return audited(log, plan.arm, dict(budgets), seeds=seeds)


def _policies(found: Outcomes, log: Log, plan: ReplayPlan) -> Table:
    rows = [
        (policy.name, bootstrap(found.accuracy(policy)).percent(), f"{found.cost(policy):,.0f}")
        for policy in found.right
        if _typical(policy)
    ]
    return Table(
        title="Policies",
        columns=("policy", "accuracy % [95%]", "tokens"),
        rows=tuple(rows),
        note="Mean completion tokens an instance. Draws are without replacement from one half of a pool.",
    )


def _reliabilities(plots: Mapping[str, Reliability]) -> list[Table]:
    if not plots:
        return []
    rows = tuple(
        (name, f"{r.brier:.4f}", f"{r.base:.4f}", f"{r.skill:+.2f}", f"{r.error:.3f}")
        for name, r in plots.items()
    )
    return [
        Table(
            title="Calibration on left-out instances",
            columns=("statement", "Brier", "Brier of the mean", "skill", "calibration error"),
            rows=rows,
            note="Skill is 1 - Brier / Brier of always stating the mean; negative is worse than that.",
        )
    ]


def _given(log: Log, plan: ReplayPlan, checked: Audited | None, seeds: int) -> list[Table]:
    if checked is None:
        return []
    sizes = [n for n in plan.limits if n > 1 or n == max(plan.limits)]
    return [table_of(given_answers(log, plan.arm, sizes, seeds=seeds))]


def _coverage(log: Log, plan: ReplayPlan) -> Table:
    rows = []
    for arm in plan.arms or log.arms:
        pools = log.pools(arm).values()
        counts = [(len(pool), sum(bool(s.correct) for s in pool)) for pool in pools]
        half = min(n for n, _ in counts) // 2
        ks = sorted({k for k in (1, 2, 4, 8, 16, 32, half) if k <= half})
        law = power_law([(k, coverage(counts, k)) for k in ks])
        fitted = Beta.fit((c, n) for n, c in counts)
        rows.append(
            (
                arm or "all",
                *(bootstrap([pass_at_k(n, c, k) for n, c in counts]).percent() for k in (1, half)),
                f"{sum(c > 0 for _, c in counts) / len(counts):.1%}",
                f"exp({law.a:.2f} k^{law.b:.2f}), rmse {law.rmse:.3f}" if law else "too few points",
                f"({fitted.a:.2f}, {fitted.b:.2f})",
            )
        )
    return Table(
        title="Coverage",
        columns=(
            "arm",
            "pass@1 % [95%]",
            f"pass@{half} % [95%]",
            "ever right",
            "power law",
            "Beta of pass@1",
        ),
        rows=tuple(rows),
        note="Exact estimator; the law is fitted to k up to half of a pool.",
    )


def _stepwise(log: Log, found: Outcomes, seeds: int) -> list[Table]:
    cut = [arm for arm in log.arms if all(sample.steps for sample in log.samples if sample.arm == arm)]
    tables = []
    for arm in cut if step_verifiers(log) else []:
        tables.append(stepwise(log, arm, seeds=seeds))
        if not tells_survival(log, log.header.step_verifier):
            continue
        grown = [p for p in found.right if p.arm == arm and p.grain == "step" and p.limit >= MOST]
        plain = [p for p in found.right if p.arm == arm and p.strategy == "best_of_n" and p.limit > 1]
        only = Log(header=log.header, samples=tuple(s for s in log.samples if s.arm == arm))
        about = f" of steps judged by `{log.header.step_verifier}`"
        tables.append(simulated(only, [*plain, *grown], seeds=1, fit=step_simulator, of=about))
    return tables


def _whole_pools(log: Log, plan: ReplayPlan) -> list[Table]:
    if log.header.verified_by is VerifiedBy.PROGRAM or log.header.verifier is None:
        return []
    return [whole_pools(log, plan.arm)]


def _simulated(log: Log, found: Outcomes, seeds: int) -> list[Table]:
    """The simulator knows scores and answers of one arm under a verifier that errs."""
    answers = any(sample.answer is not None for sample in log.samples)
    if log.header.verified_by is VerifiedBy.PROGRAM or log.header.verifier is None or not answers:
        return []
    plain = {"best_of_n", "self_consistency", "weighted_best_of_n"}
    among = [p for p in found.right if p.strategy in plain and (p.limit > 2 or p.strategy == "best_of_n")]
    return [simulated(log, among, seeds=seeds)]


def _typical(policy: Policy) -> bool:
    """Whether to show the policy: tables show one setting of each knob."""
    knobs = {key: value for key, value in policy.knobs.items() if key != "n"}
    return policy.grain == "step" or not knobs or set(knobs.values()) <= {0.95, 1.0}


def _curves(found: Outcomes) -> tuple[Curve, ...]:
    families: dict[str, list[Policy]] = {}
    for policy in found.right:
        if _typical(policy):
            families.setdefault(policy.family, []).append(policy)
    return tuple(
        Curve(
            name=family,
            points=tuple(Point(tokens=found.cost(p), accuracy=bootstrap(found.accuracy(p))) for p in members),
        )
        for family, members in families.items()
    )
