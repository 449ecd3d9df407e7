"""The outcome of one run, by the benchmark's own graders."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from branchwise.graphs.search.result import Result
from branchwise.serving.idealised import Timed
from branchwise.store.errors import BranchwiseError
from branchwise.store.foreign import failed
from branchwise.store.records import Node, Usage
from branchwise.store.rows import CallRecord
from branchwise.store.tree import Tree
from branchwise.tasks.domains.instances import Grades, Instance


@dataclass(frozen=True, kw_only=True, slots=True)
class Solution:
    """A whole solution on the tree of a run."""

    node: Node
    text: str
    right: bool
    """By the grader that headlines the table."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GradedRun:
    """One run, graded."""

    arm: str
    instance: str
    seed: int
    result: Result
    grades: Grades
    """Of the answer that was given; all False where there is none."""
    tree: Tree
    solutions: tuple[Solution, ...]
    timed: tuple[Timed, ...]
    """The model calls of the run."""
    model: str = ""
    """The model, in a comparison of several."""

    @property
    def right(self) -> bool:
        """Whether the answer passes the grader that headlines the table."""
        return next(iter(self.grades.values()))

    @property
    def reachable(self) -> bool:
        """Whether any solution on the tree is right: the result of perfect selection."""
        return any(solution.right for solution in self.solutions)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """One run that is done, with what the store holds of it."""

    arm: str
    instance: Instance
    seed: int
    result: Result
    tree: Tree
    calls: Sequence[CallRecord]


async def graded(run: Finished, grade: Callable[[Instance, str], Grades]) -> GradedRun:
    """Grade the answer of a run and every solution on its tree, in a thread, since a grader may run programs."""
    return await asyncio.to_thread(_graded, run, grade)


def _graded(run: Finished, grade: Callable[[Instance, str], Grades]) -> GradedRun:
    result, tree = run.result, run.tree
    known: dict[str, Grades] = {}

    def look(text: str) -> Grades:
        if text not in known:
            try:
                known[text] = grade(run.instance, text)
            except BranchwiseError:
                raise
            except Exception as error:
                raise failed(f"The grader of the instance `{run.instance.id}`", error) from error
        return known[text]

    solutions = tuple(
        Solution(node=node, text=text, right=next(iter(look(text).values())))
        for node in tree.complete
        for text in [tree.text(node.id)]
    )
    grades = look(result.text)
    if result.answer is None:
        grades = dict.fromkeys(grades, False)
    return GradedRun(
        arm=run.arm,
        instance=run.instance.id,
        seed=run.seed,
        result=result,
        grades=grades,
        tree=tree,
        solutions=solutions,
        timed=tuple(_timed(call.usage) for call in run.calls if call.kind == "model"),
    )


def _timed(usage: Usage) -> Timed:
    return Timed(
        prompt=usage.prompt_tokens - usage.cached_tokens,
        completion=usage.completion_tokens,
        samples=usage.samples,
        seconds=usage.seconds,
    )
