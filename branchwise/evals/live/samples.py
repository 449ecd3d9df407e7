"""The samples of an experiment as a replay log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from branchwise.evals.live.outcome import GradedRun, Solution
from branchwise.evals.log import Header, Log, RecordedSample, Step
from branchwise.evals.runs_log import SCORE, together
from branchwise.store.records import Node
from branchwise.store.tree import Tree


def samples_log(task: str, model: str, source: str, outcomes: Sequence[GradedRun]) -> Log:
    """Record every whole solution and every failed sample under the root, arm by arm.

    Samples of one arm and instance share its steps where the run was a tree; the steps carry their own scores.
    """
    sources = {s.node.verified_by for o in outcomes for s in o.solutions}
    return Log(
        header=Header(
            task=task,
            model=model,
            source=source,
            licence="as the task's data",
            tokens="logged",
            verifier=SCORE,
            verified_by=together(sources),
            step_verifier=SCORE,
        ),
        samples=tuple(_samples(outcomes)),
    )


def _samples(outcomes: Sequence[GradedRun]) -> Iterator[RecordedSample]:
    seen: Counter[tuple[str, str]] = Counter()
    for outcome in outcomes:
        key = (outcome.arm, outcome.instance)
        for solution in outcome.solutions:
            yield _sample(solution, outcome, seen[key])
            seen[key] += 1
        for node in outcome.tree.children(outcome.tree.root.id):
            if node.failed is not None and not node.complete:
                yield RecordedSample(
                    instance=outcome.instance,
                    index=seen[key],
                    correct=False,
                    arm=outcome.arm,
                    text=node.text,
                    tokens=node.tokens,
                    seed=outcome.seed,
                )
                seen[key] += 1


def _sample(solution: Solution, outcome: GradedRun, index: int) -> RecordedSample:
    path = list(_path(solution.node, outcome.tree))
    logprobs = [node.logprob for node in path]
    return RecordedSample(
        instance=outcome.instance,
        index=index,
        correct=solution.right,
        arm=outcome.arm,
        text=solution.text,
        answer=solution.node.answer,
        accepted=solution.node.accepted,
        scores=_scores(solution.node),
        tokens=sum(node.tokens for node in path),
        logprob=None if None in logprobs else sum(p for p in logprobs if p is not None),
        seed=outcome.seed,
        steps=tuple(Step(text=n.text, scores=_scores(n), tokens=n.tokens) for n in path)
        if len(path) > 1
        else (),
    )


def _path(node: Node, tree: Tree) -> Iterator[Node]:
    """From the root's child down to `node`, as far as each adds to the one before: a revision begins anew."""
    above = tree[node.parent] if node.parent is not None else tree.root
    if above.id != tree.root.id and not above.complete:
        yield from _path(above, tree)
    yield node


def _scores(node: Node) -> dict[str, float]:
    return {} if node.score is None else {SCORE: node.score}
