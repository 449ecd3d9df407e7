"""What one more sample is worth to a run that ended without an accepted answer."""

from __future__ import annotations

from dataclasses import dataclass

from branchwise.agents.planning.audit import resampling_value
from branchwise.graphs.aggregations import VOTES
from branchwise.graphs.search.calls import info
from branchwise.graphs.search.state import SearchContext
from branchwise.graphs.search.voting import aggregation, ballots
from branchwise.statistics.beta import Beta
from branchwise.statistics.top_two import top_two
from branchwise.store.records import VerifiedBy
from branchwise.store.tree import Tree


@dataclass(frozen=True, kw_only=True, slots=True)
class Worth:
    """The worth of one more sample."""

    value: float
    basis: str
    """"verified", "audit" or "vote"; `Result.next_basis` says what the value is."""


def next_sample(tree: Tree, context: SearchContext) -> Worth | None:
    """The worth of one more whole solution; None if nothing tells it.

    Where a program judges, it is the posterior mean of pass@1 after the solutions that it refuted. Draws are taken as
    independent, though a run that leaves out what was refuted draws a little better. Where the verifier was audited,
    it is the gain of the next draw until acceptance (Stroebl et al., arXiv 2411.17501). In a vote it is the
    probability that the second answer is truly likelier than the first.
    """
    whole = [node for node in tree.complete if node.failed is None]
    if context.checked:
        refuted = sum(node.verified_by is VerifiedBy.PROGRAM and not node.accepted for node in whole)
        prior = context.policy.prior or Beta()
        return Worth(value=prior.after(0, refuted).mean, basis="verified") if refuted else None
    audit, count = context.policy.audit, len(whole)
    if audit is not None and audit.basis == "labelled" and audit.classes:
        before, after = (
            resampling_value(audit.classes, audit.completeness, audit.soundness, wrong=-1.0, k=k)
            for k in (count, count + 1)
        )
        return Worth(value=after - before, basis="audit")
    name, strategy = aggregation(context.options), context.options.strategy
    if name not in VOTES or strategy == "auto" or info(strategy).grain != "solution":
        return None
    votes = ballots(tree, name)
    return Worth(value=1 - top_two(votes).lead, basis="vote") if votes else None
