"""Game of 24: combine four numbers to 24 (Tree of Thoughts, arXiv 2305.10601, section 4.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Literal

from branchwise.models.protocol import OutputFormat
from branchwise.renamed import new_names
from branchwise.store.errors import BadInput
from branchwise.store.records import Constraints, Grain, Json, Verdict, VerifiedBy
from branchwise.tasks.domains.arithmetic import Numbers, combine, expression, moves, reachable, without
from branchwise.tasks.domains.instances import Grades, Instance
from branchwise.tasks.domains.reading import plain
from branchwise.tasks.task import Task, not_judged

_INSTRUCTIONS = """Combine the numbers {problem} with + - * / to make 24. Use each number exactly once.
Write one operation a line, with the numbers that are left. For 2 3 5 12:
5 - 3 = 2 (left: 2 2 12)
2 * 12 = 24 (left: 2 24)
..."""

_NAME = "game24 checker"
_TARGET = Fraction(24)
_PROBLEM = re.compile(r"\D*(?P<numbers>\d{1,4}(?:[ ,;]+\d{1,4}){1,5})\D*")
_NUMBER = r"-?\d{1,9}(?:/\d{1,9})?"
_STEP = re.compile(
    rf"\W{{0,6}}(?:step \d{{1,2}}\W{{1,3}})?(?P<left>{_NUMBER}) ?(?P<sign>[-+*/]) ?(?P<right>{_NUMBER})"
    rf" ?= ?(?P<result>{_NUMBER}) ?\(left: ?(?P<rest>{_NUMBER}(?:,? {_NUMBER})*)\)[ .]*",
    re.IGNORECASE,
)
_FINAL = re.compile(
    r"\banswer(?:[^\w\n(-]{0,6}:| is)\s{0,3}(?P<sum>[^=\n]{1,400})(?:= ?(?P<claim>[^\n]{1,40}))?",
    re.IGNORECASE,
)
_SUM = re.compile(r"[-\d+*/() ]{5,200}= ?24")
_FORM = r"-?[0-9]+(/[0-9]+)? [-+*/] -?[0-9]+(/[0-9]+)? = -?[0-9]+(/[0-9]+)? \(left:( -?[0-9]+(/[0-9]+)?)+\)\n"


@new_names(steer="constrain")
def game24(constrain: Literal["none", "form", "moves"] = "moves", look_ahead: bool = False) -> Task:
    """Build the Game of 24; it takes two to six whole numbers.

    Args:
        constrain: "none" samples free text; "form" fixes the form of a line; "moves" also offers only legal
            operations with their true results, step by step (whole solutions get the form).
        look_ahead: Judge an unfinished solution by whether 24 is still reachable, which is exact and reveals
            most of the solution; else only by whether its lines are legal.

    Raises:
        BadInput: `constrain` is none of the three.
    """
    if constrain not in {"none", "form", "moves"}:
        raise BadInput(f"`constrain` is one of `none`, `form` and `moves`, not `{constrain}`.")

    def output_format(constraints: Constraints, text: str, grain: Grain) -> OutputFormat:
        return _shape(constrain, _numbers(constraints), text, grain)

    def check(constraints: Constraints, text: str, complete: bool) -> Verdict | None:
        return _check(_numbers(constraints), text, complete, look_ahead)

    return Task(
        name="game24",
        about="Combine four numbers to 24 with + - * / (exact checker).",
        instructions=_INSTRUCTIONS,
        validate=_validate,
        read_constraints=_read_constraints,
        output_format=output_format,
        is_complete=_is_complete,
        answer=_answer,
        check=check,
        checks_steps=True,
        state=_state,
    )


def instances(folder: Path | None = None) -> Iterator[Instance]:
    """All 1,362 solvable puzzles of four numbers from 1 to 13, enumerated without a data file."""
    for four in combinations_with_replacement(range(1, 14), 4):
        if reachable(tuple(Fraction(n) for n in four), _TARGET):
            yield Instance(id="-".join(map(str, four)), problem=" ".join(map(str, four)))


def grade(instance: Instance, text: str) -> Grades:
    """Grade exactly: each number once and the result 24."""
    constraints = _read_constraints(instance.problem)
    verdict = _check(_numbers(constraints) if constraints else None, text, True, False)
    return {"exact": verdict is not None and verdict.accepted}


def _validate(problem: str) -> None:
    if not problem.strip():
        raise BadInput("The problem is empty.")
    if _read_constraints(problem) is None:
        raise BadInput("A Game of 24 is two to six whole numbers, like `4 5 6 10`, and no others.")


def _read_constraints(problem: str) -> Constraints | None:
    found = _PROBLEM.fullmatch(problem) if len(problem) < 1000 else None
    if found is None:
        return None
    numbers: list[Json] = [int(n) for n in re.findall(r"\d+", found["numbers"])]
    words = f"each of {' '.join(map(str, numbers))} is used exactly once"
    return Constraints(items=(words, "the result is 24"), data={"numbers": numbers}, source="program")


def _numbers(constraints: Constraints) -> Numbers | None:
    given = constraints.data.get("numbers")
    if not isinstance(given, list):
        return None
    return tuple(sorted(Fraction(n) for n in given if isinstance(n, int)))


def _shape(constrain: str, numbers: Numbers | None, text: str, grain: Grain) -> OutputFormat:
    if constrain == "none":
        return (
            OutputFormat(max_tokens=128) if grain == "solution" else OutputFormat(max_tokens=40, stop=("\n",))
        )
    if grain == "solution":
        lines = max(1, len(numbers) - 1 if numbers else 3)
        return OutputFormat(max_tokens=40 * lines, regex=_FORM * lines)
    left = _replay(numbers, _plain(text))[0] if numbers and constrain == "moves" else None
    if left is None or len(left) == 1:
        return OutputFormat(max_tokens=40, regex=_FORM)
    return OutputFormat(max_tokens=40, choices=tuple(_line(*move) for move in moves(left)))


def _line(left: Fraction, sign: str, right: Fraction, result: Fraction, after: Numbers) -> str:
    return f"{left} {sign} {right} = {result} (left: {' '.join(map(str, after))})\n"


def _plain(text: str) -> str:
    r"""The reply with plain signs: `\times` and `×` are `*`, `\frac{a}{b}` is `(a)/(b)`."""
    text = re.sub(r"\\times|\\cdot|[×·∙]", "*", re.sub(r"\\div|÷", "/", text))
    text = re.sub(r"\\[dt]?frac\{([^{}]{1,60})\}\{([^{}]{1,60})\}", r"(\1)/(\2)", text)
    return plain(re.sub(r"(?<=[\d)])[ ]?\*[ ]?(?=[\d(-])", " ⋅ ", text)).replace("⋅", "*")


def _final(text: str) -> tuple[str, bool] | None:
    """The final expression of a reply, and whether 24 is its only stated value."""
    found = list(_FINAL.finditer(text))
    if found:
        claim = (found[-1]["claim"] or "24").strip(" .")
        return found[-1]["sum"].strip(" .,;"), claim.startswith("24")
    lines = [line for line in text.split("\n") if line.strip()]
    alone = _SUM.fullmatch(lines[-1].strip(" .")) if lines else None
    return (alone[0].partition("=")[0], True) if alone and not any(map(_STEP.fullmatch, lines)) else None


def _is_complete(text: str) -> bool:
    text = _plain(text)
    if _final(text):
        return True
    lines = text.splitlines()
    last = _STEP.fullmatch(lines[-1]) if lines else None
    return last is not None and " " not in last["rest"]


def _answer(text: str) -> str | None:
    """The final expression without spaces, else the operations in a form equal for equal derivations."""
    text = _plain(text)
    final = _final(text)
    if final:
        return re.sub(r"\s", "", final[0]) or None
    steps = [_STEP.fullmatch(line) for line in text.splitlines()]
    return ";".join(f"{s['left']}{s['sign']}{s['right']}" for s in steps if s) or None


def _replay(numbers: Numbers, text: str) -> tuple[Numbers | None, str]:
    """The numbers left after the lines of `text`, or None and the reason; no reason if a line is unreadable."""
    at = numbers
    lines = [line for line in text.splitlines() if re.search(r"\d", line)]
    for number, line in enumerate(lines, start=1):
        step = _STEP.fullmatch(line)
        if step is None:
            return None, ""
        try:
            left, right, result = (Fraction(step[name]) for name in ("left", "right", "result"))
            rest = tuple(sorted(map(Fraction, step["rest"].replace(",", " ").split())))
        except ZeroDivisionError:
            return None, f"Line {number} divides by zero."
        others = without(at, left, right)
        if others is None:
            return None, f"Line {number} uses a number that is not left."
        if combine(left, step["sign"], right) != result:
            return None, f"Line {number} is wrongly calculated."
        at = tuple(sorted((*others, result)))
        if at != rest:
            return None, f"Line {number} lists wrong numbers as left."
    return at, ""


def _state(constraints: Constraints, text: str) -> str | None:
    """The numbers left, in order; None for an illegal line and for an answer given as a whole expression."""
    numbers = _numbers(constraints)
    left = _replay(numbers, _plain(text))[0] if numbers and _final(text) is None else None
    return None if left is None else " ".join(map(str, left))


def _check(numbers: Numbers | None, text: str, complete: bool, look_ahead: bool) -> Verdict | None:
    """Judge by exact fractions: a solution 100 or -100, a beginning by legality or by reachability.

    A reply with an unreadable line and without a readable final expression is not judged.
    """
    if not numbers:
        return None
    text = _plain(text)
    final = _final(text)
    if final:
        return _check_sum(numbers, *final)
    left, reason = _replay(numbers, text)
    if left is None and reason:
        return _verdict(-100, False, reason)
    if left is None or (complete and left == numbers and re.search(r"\w", text)):
        return not_judged("A line has not the form `a + b = c (left: ...)`.", _NAME, complete=complete)
    if complete or len(left) == 1:
        right = left == (_TARGET,)
        return _verdict(
            100 if right else -100, right, f"{' '.join(map(str, left))} is left; 24 is asked for."
        )
    return _hope(left) if look_ahead else _verdict(0, True, "Legal so far.")


def _hope(left: Numbers) -> Verdict:
    hope = reachable(left, _TARGET)
    return _verdict(90 if hope else -100, hope, f"24 can {'still' if hope else 'not'} be reached.")


def _check_sum(numbers: Numbers, text: str, claimed: bool) -> Verdict:
    value = expression(text)
    if value is None or not claimed:
        return not_judged(
            "The answer is no expression of whole numbers, + - * / and brackets that makes 24.", _NAME
        )
    if value[1] != numbers:
        return _verdict(-100, False, "The answer does not use each number exactly once.")
    if value[0] != _TARGET:
        return _verdict(-100, False, f"The answer makes {value[0]}, not 24.")
    return _verdict(100, True, "The result is 24.")


def _verdict(score: float, accepted: bool, feedback: str) -> Verdict:
    return Verdict(
        score=score, accepted=accepted, feedback=feedback, verified_by=VerifiedBy.PROGRAM, verifier=_NAME
    )
