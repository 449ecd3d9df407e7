"""Texts that a program refuted in a run, excluded from later samples; read from the tree alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import TypeAlias
from weakref import WeakKeyDictionary

from branchwise.graphs.runtime.journal import Journal
from branchwise.graphs.search.state import SearchContext
from branchwise.store.records import ROOT, Constraints, Grain, Node, NodeId, VerifiedBy
from branchwise.store.tree import Tree
from branchwise.tasks.task import Task

Key: TypeAlias = tuple[str, str]
"""A refuted item: a kind ("state", "part", "answer" or "whole") and the state, beginning, answer or text."""
_MOST = 20_000
"""Most refuted items kept, the newest; a run that refutes more may draw an old one again."""
_MOST_TEXTS = 100
"""Most texts that one grammar excludes, the newest: each makes the grammar larger."""
SPENT = "every continuation that the form allows was refuted, or leads back"
"""Failure reason of a beginning with no continuation left to draw."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What the task said of texts: each is parsed once in a run, not once in every round."""

    states: dict[str, str | None] = field(default_factory=dict)
    choices: dict[tuple[str, Grain], tuple[str, ...]] = field(default_factory=dict)
    whole: dict[str, bool] = field(default_factory=dict)
    keys: dict[tuple[str, bool], Key] = field(default_factory=dict)


class Refuted:
    """Whole solutions that a program refuted, and beginnings that no solution continues.

    A beginning is dead if the program refuted it, or if each continuation that its form offers is refuted
    (`spent`). If the task maps texts to states, a refutation holds for all texts that lead to the same state.
    Nothing else is excluded: a sample that no program refuted can be drawn again.
    """

    def __init__(
        self, tree: Tree, task: Task, constraints: Constraints, before: Refuted | None = None
    ) -> None:
        """Read the tree, all trials of it.

        Args:
            tree: The nodes of all rounds before the one that is planned.
            task: The domain: forms, states, answers.
            constraints: What the run's constraint agent read.
            before: The same of an earlier round, from which the forms and states of texts are taken over.
        """
        self._task, self._constraints = task, constraints
        self._known: _Known = (
            before._known if before is not None and len(before._known.keys) < _MOST else _Known()
        )
        self._keys: set[Key] = set()
        self._dead: dict[int, set[str]] = {}
        self._texts: list[str] = []
        self.spent: set[NodeId] = set()
        """Nodes with no continuation left to draw; contains the root if the whole space was refuted."""
        self._read(tree)

    def _read(self, tree: Tree) -> None:
        # Children come before their parents here, so that what is spent is found upward in one pass.
        nodes = tuple(reversed(tuple(tree)))
        parents, closed = set[NodeId](), set[NodeId]()
        for node in nodes:
            if len(self._keys) >= _MOST:
                return
            if node.failed == SPENT and node.parent is not None:
                closed.add(node.parent)
            if not _refuted(node):
                continue
            text = tree.texts[node.id]
            if node.complete:
                self._texts.append(text)
            else:
                self._dead.setdefault(len(text), set()).add(text)
            self._exclude(node, tree, parents)
        # All refutations are known before the first is drawn upward: a beginning may be spent by what was refuted
        # elsewhere, and a pass may spend what an earlier node waits for.
        while self._spend(nodes, tree, parents, closed):
            pass

    def _exclude(self, node: Node, tree: Tree, parents: set[NodeId]) -> None:
        if node.parent is None:
            return
        self._keys.add(self._key(tree.texts[node.id], whole=node.complete))
        if not tree[node.parent].complete:
            parents.add(node.parent)

    def _spend(
        self, nodes: Iterable[Node], tree: Tree, parents: set[NodeId], closed: Collection[NodeId]
    ) -> bool:
        """Mark beginnings with nothing left to draw; whether one more state is excluded by it."""
        before = len(self._keys)
        for node in nodes:
            if node.complete or _refuted(node) or not (node.id in parents or node.id in closed):
                continue
            if self._empty(tree.texts[node.id]):
                self.spent.add(node.id)
                self._exclude(node, tree, parents)
            elif node.id in closed:
                # Its continuations lead back: nothing follows here, though something may from the same state elsewhere.
                self.spent.add(node.id)
        return len(self._keys) > before and len(self._keys) < _MOST

    def offered(self, text: str, grain: Grain, earlier: Iterable[str] = ()) -> tuple[str, ...] | None:
        """The remaining choices after `text`; None if its form offers no list, or nothing of it is refuted.

        Args:
            text: The beginning that is continued.
            grain: The unit that one sample adds.
            earlier: The beginnings on the way to `text`. A step back to the state of one of them is excluded
                too, since it adds no new continuation.
        """
        choices = self._form(text, grain)
        passed = {self._state(one) for one in earlier} - {None} if choices else set()
        left = tuple(
            choice
            for choice in choices
            if not self._gone(text + choice, grain) and not (passed and self._back(text + choice, passed))
        )
        return None if len(left) == len(choices) else left

    @property
    def everything(self) -> bool:
        """Whether the whole space is refuted, by steps and as whole solutions."""
        return ROOT in self.spent or self.offered("", "solution") == ()

    def _back(self, text: str, passed: Collection[str | None]) -> bool:
        return not self._is_whole(text) and self._state(text) in passed

    def excluded(self, text: str) -> tuple[str, ...]:
        """The refuted whole solutions that begin with `text`, without that beginning, newest first."""
        found = dict.fromkeys(one[len(text) :] for one in self._texts if one.startswith(text))
        return tuple(found)[:_MOST_TEXTS]

    def pruned(self, tree: Tree) -> Tree:
        """The tree with spent beginnings marked as failed, so that no strategy expands them."""
        if not self.spent:
            return tree
        return Tree(
            replace(node, failed=node.failed or SPENT) if node.id in self.spent else node for node in tree
        )

    def _empty(self, text: str) -> bool:
        choices = self._form(text, "step")
        return bool(choices) and all(self._gone(text + choice, "step") for choice in choices)

    def _gone(self, text: str, grain: Grain) -> bool:
        whole = grain == "solution" or self._is_whole(text)
        return self._key(text, whole=whole) in self._keys or (whole and self._begun_dead(text))

    def _begun_dead(self, text: str) -> bool:
        """Whether a whole text continues a dead beginning after a whole word: `day 12` does not continue `day 1`."""
        return any(
            text[:length] in dead
            and not (text[length - 1 : length].isalnum() and text[length : length + 1].isalnum())
            for length, dead in self._dead.items()
        )

    def _state(self, text: str) -> str | None:
        if text not in self._known.states:
            self._known.states[text] = self._task.state(self._constraints, text)
        return self._known.states[text]

    def _form(self, text: str, grain: Grain) -> tuple[str, ...]:
        if (text, grain) not in self._known.choices:
            form = self._task.output_format(self._constraints, text, grain)
            self._known.choices[text, grain] = form.choices
        return self._known.choices[text, grain]

    def _is_whole(self, text: str) -> bool:
        if text not in self._known.whole:
            self._known.whole[text] = self._task.is_complete(text)
        return self._known.whole[text]

    def _key(self, text: str, *, whole: bool) -> Key:
        if (text, whole) not in self._known.keys:
            self._known.keys[text, whole] = self._key_of(text, whole=whole)
        return self._known.keys[text, whole]

    def _key_of(self, text: str, *, whole: bool) -> Key:
        state = self._state(text)
        if state is not None:
            return ("whole state" if whole else "state", state)
        if not whole:
            return ("part", text)
        answer = self._task.answer(text)
        return ("whole", text) if answer is None else ("answer", answer)


_READ: WeakKeyDictionary[Tree, Refuted] = WeakKeyDictionary()
"""Cached: a round reads the same tree several times."""
_LAST: WeakKeyDictionary[Journal, Refuted] = WeakKeyDictionary()
"""The newest of each run."""


def refuted(context: SearchContext, constraints: Constraints, round_: int) -> Refuted | None:
    """Refutations before `round_` in all trials; None if the run does not exclude them."""
    if not (context.options.exclude and context.checked):
        return None
    tree = context.journal.tree_before(round_)
    found = _READ.get(tree)
    if found is None:
        found = _READ[tree] = Refuted(tree, context.task, constraints, _LAST.get(context.journal))
        _LAST[context.journal] = found
    return found


def _refuted(node: Node) -> bool:
    """Whether a program proved that the node leads nowhere; a cut-off or failed call proves nothing."""
    if node.parent is None or node.verified_by is not VerifiedBy.PROGRAM or node.accepted:
        return False
    return node.complete or node.failed is not None
