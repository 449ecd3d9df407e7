"""Step-wise replay: samples with a common prefix share a branch."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from branchwise.evals.log import RecordedSample, Step
from branchwise.evals.replay import Deck
from branchwise.store.errors import BadInput
from branchwise.store.records import ROOT, Node, NodeId, child_id

Beginning = tuple[str, ...]
"""The texts of a sample's first steps."""


@dataclass
class StepDeck(Deck):
    """The steps of recorded samples, drawn without replacement in the samples' order.

    Asking under a node draws the next step of a sample that begins like it and has not given that step yet,
    whichever sample the node's own step came from. Where none is left, that branch fails at no cost. A step
    that ends its sample completes a solution, whose outcome is that sample's.
    """

    begins: dict[NodeId, Beginning] = field(init=False, default_factory=lambda: {ROOT: ()})
    rest: dict[Beginning, list[RecordedSample]] = field(init=False, default_factory=dict)
    judged: dict[Beginning, NodeId] = field(init=False, default_factory=dict)
    spent: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(sample.steps for sample in self.waiting):
            raise BadInput("A log whose samples are not cut into steps cannot be replayed step by step.")
        for sample in self.waiting:
            for depth in range(len(sample.steps)):
                self.rest.setdefault(_beginning(sample, depth), []).append(sample)

    @property
    def size(self) -> int:
        """How many steps a search may draw."""
        return sum(len(sample.steps) for sample in self.waiting)

    @property
    def tokens(self) -> int:
        """Completion tokens of the steps drawn and of judging each distinct one once."""
        return self.spent

    def draw(self, parent: NodeId, count: int, round_: int) -> None:
        """Put `count` steps under `parent`."""
        begin, after = len(self.tree.children(parent)), self.begins[parent]
        left = self.rest.get(after, []) if not self.tree[parent].complete else []
        nodes = []
        for ordinal in range(begin, begin + count):
            name, depth = child_id(parent, ordinal), self.tree[parent].depth + 1
            blank = Node(id=name, parent=parent, depth=depth, round=round_)
            nodes.append(self._step(blank, left.pop(), len(after)) if left else self._dry(blank))
        self.tree = self.tree.grow(nodes)

    def _dry(self, blank: Node) -> Node:
        self.dry += 1
        return replace(blank, failed="nothing was recorded here")

    def _step(self, blank: Node, sample: RecordedSample, depth: int) -> Node:
        step, now = sample.steps[depth], _beginning(sample, depth + 1)
        self.begins[blank.id] = now
        self.drawn[blank.id] = sample
        self.spent += step.tokens
        if depth + 1 == len(sample.steps):
            score, accepted = self.judge(sample)
            return replace(
                blank,
                text=step.text,
                tokens=step.tokens,
                complete=True,
                answer=sample.answer,
                score=score,
                accepted=accepted,
                verified_by=self.judge.verified_by,
            )
        twin = self.judged.setdefault(now, blank.id)
        if twin == blank.id and self.judge.step is not None:
            self.spent += step.check_tokens.get(self.judge.step, 0)
        return replace(
            blank,
            text=step.text,
            tokens=step.tokens,
            score=self._score(step),
            duplicate_of=None if twin == blank.id else twin,
        )

    def _score(self, step: Step) -> float | None:
        return step.scores.get(self.judge.step) if self.judge.step is not None else None


def _beginning(sample: RecordedSample, depth: int) -> Beginning:
    return tuple(step.text for step in sample.steps[:depth])
