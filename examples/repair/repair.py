r"""Repair a program: states are git worktrees, actions are edits of a line, the project's own tests are the check.

    export PYTHONPATH=examples/repair
    branchwise web --environment repair:repair -o project=examples/repair/programs/fences --pick-actions \
        --model uniform --value-samples 0 --depth 2

The listed edits come from mutation operators (another comparison, a number one larger), those of lines
that failing tests run first. A model that writes its own actions may set any line: `edit line 3 to "    return n"`.
Programs run in the sandbox only; the tests themselves cannot be edited.
"""

from __future__ import annotations

import asyncio
import io
import json
import re
import shutil
import subprocess
import tempfile
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from math import sqrt
from pathlib import Path

from branchwise.environments.protocol import Abilities, Action, Effect, Observation, Outcome, Snapshot
from branchwise.environments.sandbox.sandbox import Limits, sandbox
from branchwise.store.errors import BadAction, BadInput, EnvironmentFailed

GOAL = "Make all tests of program.py pass."
_EDIT = re.compile(r'edit line (\d{1,4}) to ("(?:[^"\\]|\\.)*")')
_ALIKE = (
    "< <= > >= == !=",
    "+ - * // %",
    "and or",
    "True False",
    "min max",
    "append extend",
    "break continue",
    "+= -=",
)
"""Tokens that stand for one another."""
_ONE_WAY: Mapping[str, Sequence[str]] = {
    "not": [""],
    "in": ["not in"],
    "if": ["if not"],
    "while": ["while not"],
}
_RUNNER = """
import json, sys, types, unittest
files, told = json.loads(FILES), {}
class Each(unittest.TestResult):
    def startTest(self, test):
        super().startTest(test); self.lines = set(); sys.settrace(self.entered)
    def stopTest(self, test):
        sys.settrace(None); told[test.id()][1].extend(sorted(self.lines))
    def entered(self, frame, event, argument):
        return self.stepped if frame.f_code.co_filename == "program.py" else None
    def stepped(self, frame, event, argument):
        self.lines.add(frame.f_lineno); return self.stepped
    def addSuccess(self, test): told[test.id()] = ["", []]
    def addFailure(self, test, error): told[test.id()] = [f"{error[0].__name__}: {error[1]}"[:200], []]
    addError = addFailure
    addSkip = addExpectedFailure = addUnexpectedSuccess = addFailure
for name in ("program", "test_program"):
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(files[name], name + ".py", "exec"), module.__dict__)
unittest.defaultTestLoader.loadTestsFromModule(sys.modules["test_program"]).run(Each())
print(json.dumps(told))
"""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the tests say of the program; `failed` holds the message of each test that fails."""

    failed: Mapping[str, str] = field(default_factory=dict)
    passed: int = 0
    suspects: Sequence[int] = ()
    """Lines that failing tests run, the most suspicious first (Ochiai, arXiv 1607.04347)."""
    ended: str = ""


@dataclass(kw_only=True)
class Repair:
    """Opens worktrees of one repository; see `repair`."""

    tests: str
    limits: Limits
    name: str
    folder: Path
    start: str
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    """By text; a text that was tested once is not run again."""
    numbers: count[int] = field(default_factory=count)
    abilities: Abilities = Abilities(parallel=8, snapshots=True, rewinds=True)  # noqa: RUF009 - it is frozen

    async def reset(self, *, seed: int = 0) -> Worktree:
        """A worktree of the program as it was given."""
        return await self._opened(self.start)

    async def restore(self, snapshot: Snapshot) -> Worktree:
        """A worktree of a commit."""
        return await self._opened(str(snapshot.data))

    async def aclose(self) -> None:
        """Remove the repository and its worktrees."""
        shutil.rmtree(self.folder, ignore_errors=True)

    async def _opened(self, commit: str) -> Worktree:
        place = self.folder / f"tree{next(self.numbers)}"
        await asyncio.to_thread(git, self.folder / "main", "worktree", "add", "--detach", str(place), commit)
        return Worktree(repair=self, place=place)

    async def verdict(self, text: str) -> Verdict:
        """Run the tests."""
        if text not in self.verdicts:
            self.verdicts[text] = await asyncio.to_thread(tested, text, self.tests, self.limits)
        return self.verdicts[text]


@dataclass(kw_only=True)
class Worktree:
    """One branch: a worktree in which edits are commits."""

    repair: Repair
    place: Path
    answer: str | None = None

    @property
    def text(self) -> str:
        """The program as it stands."""
        return (self.place / "program.py").read_text(encoding="utf-8")

    async def observe(self) -> Observation:
        """The program with numbered lines, and what its tests say."""
        text = self.text
        verdict = await self.repair.verdict(text)
        total = verdict.passed + len(verdict.failed)
        done = total > 0 and not verdict.failed and not verdict.ended
        lines = [f"{number:3} {line}" for number, line in enumerate(text.splitlines(), 1)]
        said = [f"{test}: {message}" for test, message in verdict.failed.items()]
        suspects = f"suspect lines: {' '.join(map(str, verdict.suspects))}"
        state = verdict.ended or f"{verdict.passed} of {total} tests pass"
        return Observation(
            text="\n".join([*lines, "", *said, suspects, state]),
            fingerprint=git(self.place, "rev-parse", "HEAD^{tree}") + (self.answer or ""),
            title=state,
            ended=done or self.answer is not None,
            reward=float(done),
            answer=self.answer,
            goal=GOAL,
        )

    async def actions(self) -> Sequence[Action]:
        """What the mutation operators make of each line, suspect lines first; all of it compiles."""
        rank = {line: at for at, line in enumerate((await self.repair.verdict(self.text)).suspects)}
        made = sorted(mutated(self.text), key=lambda edit: rank.get(edit[0], len(rank)))
        return [_action(number, line) for number, line in made]

    async def read(self, line: str) -> Action:
        """An edit of a line, or `stop`."""
        if line.startswith("stop "):
            return Action(text=line, effect=Effect.REVERSIBLE)
        found = _EDIT.fullmatch(line)
        if found is None:
            raise BadAction('An action is `edit line 3 to "    return n"`, with the whole new line.')
        number, said = int(found[1]), unquoted(found[2])
        if not 1 <= number <= len(self.text.splitlines()) or "\n" in said:
            raise BadAction("There is no such line; an edit sets one line.")
        if not compiles(edited(self.text, number, said)):
            raise BadAction("The program would not compile.")
        return _action(number, said)

    async def act(self, action: Action, *, allow: bool = False) -> Outcome:
        """Edit, commit, test; nothing outlives the worktree, so everything is allowed."""
        known = await self.read(action.text)
        if known.text.startswith("stop "):
            self.answer = known.text.removeprefix("stop ")
        elif found := _EDIT.fullmatch(known.text):
            text = edited(self.text, int(found[1]), unquoted(found[2]))
            (self.place / "program.py").write_text(text, encoding="utf-8")
            await asyncio.to_thread(git, self.place, "commit", "--allow-empty", "-qam", known.text[:200])
        return Outcome(observation=await self.observe(), effect=known.effect)

    async def snapshot(self) -> Snapshot | None:
        """The commit."""
        return None if self.answer else Snapshot(data=git(self.place, "rev-parse", "HEAD"))

    async def aclose(self) -> None:
        """Remove the worktree; its commits stay."""
        shutil.rmtree(self.place, ignore_errors=True)


def mutated(text: str) -> Iterator[tuple[int, str]]:
    """Each line that one replaced token makes, with its number."""
    lines, seen = text.splitlines(), set()
    tokens = [
        one for one in tokenize.generate_tokens(io.StringIO(text).readline) if one.start[0] == one.end[0]
    ]
    for token in tokens:
        row, line = token.start[0], token.line.rstrip("\n")
        for other in _others(token):
            new = f"{line[: token.start[1]]}{other}{line[token.end[1] :]}"
            if (row, new) not in seen and new != lines[row - 1] and compiles(edited(text, row, new)):
                seen.add((row, new))
                yield row, new


def _others(token: tokenize.TokenInfo) -> Sequence[str]:
    alike = [one for group in _ALIKE for one in group.split() if token.string in group.split()]
    if alike or token.string in _ONE_WAY:
        return [*(one for one in alike if one != token.string), *_ONE_WAY.get(token.string, ())]
    if token.type == tokenize.NUMBER and token.string.isdecimal():
        return [str(int(token.string) + 1), str(max(0, int(token.string) - 1))]
    return []


def unquoted(said: str) -> str:
    """The text of a JSON string."""
    try:
        return str(json.loads(said))
    except json.JSONDecodeError as error:
        raise BadAction(f"{said[:80]} is not a quoted line.") from error


def edited(text: str, number: int, line: str) -> str:
    """The text with one line set anew."""
    lines = text.splitlines()
    return "\n".join([*lines[: number - 1], line, *lines[number:], ""])


def compiles(text: str) -> bool:
    """Whether it is a program at all."""
    try:
        return bool(compile(text, "program.py", "exec", dont_inherit=True))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def tested(program: str, tests: str, limits: Limits) -> Verdict:
    """Run the tests in the sandbox."""
    files = json.dumps({"program": program, "test_program": tests})
    outcome = sandbox(f"FILES = {files!r}\n{_RUNNER}", limits=limits)
    try:
        told = json.loads(outcome.output.rstrip().rpartition("\n")[2])
        failed = {test.rpartition(".")[2]: str(said[0]) for test, said in told.items() if said[0]}
        runs = [(bool(said[0]), set(said[1])) for said in told.values()]
    except (ValueError, TypeError, AttributeError, IndexError):
        return Verdict(ended=f"the tests did not end: {outcome.error or outcome.end}")
    scores = {line: _ochiai(line, runs) for line in set().union(*(ran for _, ran in runs))}
    suspects = [line for line in sorted(scores, key=lambda line: (-scores[line], line)) if scores[line]]
    return Verdict(failed=failed, passed=len(runs) - len(failed), suspects=suspects)


def _ochiai(line: int, runs: Sequence[tuple[bool, set[int]]]) -> float:
    hit = sum(failed and line in ran for failed, ran in runs)
    return hit / sqrt(sum(failed for failed, _ in runs) * sum(line in ran for _, ran in runs)) if hit else 0.0


def _action(number: int, line: str) -> Action:
    return Action(
        text=f"edit line {number} to {json.dumps(line, ensure_ascii=False)}", effect=Effect.REVERSIBLE
    )


def git(place: Path, *words: str) -> str:
    """Run git in a worktree."""
    who = ("-c", "user.name=search", "-c", "user.email=search@localhost", "-c", "core.hooksPath=/dev/null")
    done = subprocess.run(["git", *who, *words], cwd=place, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EnvironmentFailed(f"git {words[0]} failed: {done.stderr.strip()[:200]}")
    return done.stdout.strip()


def repair(project: str, *, seconds: float = 3.0) -> Repair:
    """What `--environment repair:repair` opens.

    Raises:
        BadInput: The folder `project` lacks program.py or test_program.py.
    """
    given = Path(project)
    if not all((given / name).is_file() for name in ("program.py", "test_program.py")):
        raise BadInput(f"`{project}` must hold program.py and test_program.py.")
    folder = Path(tempfile.mkdtemp(prefix="repair-"))
    (folder / "main").mkdir()
    git(folder / "main", "init", "-q")
    shutil.copy(given / "program.py", folder / "main" / "program.py")
    git(folder / "main", "add", "program.py")
    git(folder / "main", "commit", "-qm", "as given")
    return Repair(
        tests=(given / "test_program.py").read_text(encoding="utf-8"),
        limits=Limits(seconds=seconds),
        name=f"repair:{given.name}",
        folder=folder,
        start=git(folder / "main", "rev-parse", "HEAD"),
    )
