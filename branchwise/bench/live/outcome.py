"""What came of one run, by the benchmark's own graders."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from branchwise.graphs.result import Result
from branchwise.graphs.tasks.domain.instances import Grades, Instance
from branchwise.store.records import Node
from branchwise.store.tree import Tree


@dataclass(frozen=True, kw_only=True, slots=True)
class Solution:
    """A whole solution on the tree of a run."""

    node: Node
    text: str
    right: bool
    """By the grader that headlines the table."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """One run, graded."""

    arm: str
    instance: str
    seed: int
    result: Result
    grades: Grades
    """Of the answer that was given; all False where there is none."""
    tree: Tree
    solutions: tuple[Solution, ...]

    @property
    def right(self) -> bool:
        """Whether the answer passes the grader that headlines the table."""
        return next(iter(self.grades.values()))

    @property
    def reachable(self) -> bool:
        """Whether any solution on the tree is right: what a perfect choice would have made of it."""
        return any(solution.right for solution in self.solutions)


async def graded(
    arm: str,
    instance: Instance,
    seed: int,
    result: Result,
    tree: Tree,
    grade: Callable[[Instance, str], Grades],
) -> Outcome:
    """Grade the answer of a run and every solution on its tree; in a thread, for a grader may run programs."""
    return await asyncio.to_thread(_graded, arm, instance, seed, result, tree, grade)


def _graded(
    arm: str,
    instance: Instance,
    seed: int,
    result: Result,
    tree: Tree,
    grade: Callable[[Instance, str], Grades],
) -> Outcome:
    known: dict[str, Grades] = {}

    def look(text: str) -> Grades:
        if text not in known:
            known[text] = grade(instance, text)
        return known[text]

    solutions = tuple(
        Solution(node=node, text=text, right=next(iter(look(text).values())))
        for node in tree.complete
        for text in [tree.text(node.id)]
    )
    grades = look(result.text)
    if result.answer is None:
        grades = dict.fromkeys(grades, False)
    return Outcome(
        arm=arm,
        instance=instance.id,
        seed=seed,
        result=result,
        grades=grades,
        tree=tree,
        solutions=solutions,
    )
