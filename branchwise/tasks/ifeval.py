"""IFEval: follow instructions that a program can check (Zhou et al. 2023, arXiv 2311.07911)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from branchwise.models.protocol import OutputFormat
from branchwise.store.errors import BadInput
from branchwise.store.records import Constraints, Grain, Json, Verdict, VerifiedBy
from branchwise.tasks.domains.instances import Grades, Instance, read_records
from branchwise.tasks.requirements.rules import ARGUMENTS, follows, instruction_words, well_formed
from branchwise.tasks.task import Task, not_judged

_NAME = "instruction rules"
_FILES = (
    "ifeval/input_data.jsonl.gz",
    "ifeval/ifeval_input_data.jsonl",
    "IFEval/ifeval_input_data.jsonl",
    "IFEval/**/train-*.parquet",
)
_LONGEST = 50_000
_TYPES = {str: "string", int: "integer", list: "array"}
_SCHEMA: Mapping[str, Json] = {
    "type": "object",
    "properties": {
        "instructions": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "id": {"type": "string", "enum": list(ARGUMENTS)},
                    "arguments": {"type": "object"},
                },
                "required": ["id", "arguments"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["instructions"],
    "additionalProperties": False,
}


def ifeval() -> Task:
    """Build the IFEval task; a model extracts the instructions, so verdicts are verified by "model"."""
    kinds = "; ".join(
        f"{name}({', '.join(f'{argument}: {_TYPES[kind]}' for argument, kind in arguments.items())})"
        for name, arguments in ARGUMENTS.items()
    )
    return Task(
        name="ifeval",
        about="Follow instructions about form, length and words (IFEval).",
        instructions="{problem}",
        constraint_types=kinds,
        constraint_schema=_SCHEMA,
        validate=_validate,
        type_constraints=_type_constraints,
        output_format=_shape,
        answer=lambda text: text.strip() or None,
        check=_check,
        blocking=True,
    )


def instances(folder: Path | None = None) -> Iterator[Instance]:
    """Read the prompts of IFEval with their typed instructions."""
    for row in read_records(folder, *_FILES):
        names, facts = row["instruction_id_list"], row["kwargs"]
        if isinstance(names, list) and isinstance(facts, list):
            told: list[Json] = [{"id": n, "arguments": _given(f)} for n, f in zip(names, facts, strict=True)]
            yield Instance(id=str(row["key"]), problem=str(row["prompt"]), meta={"instructions": told})


def _given(facts: Any) -> Json:
    """The arguments of one instruction; columns of a table hold None for those of the others."""
    return {name: value for name, value in facts.items() if value is not None}


def grade(instance: Instance, text: str) -> Grades:
    """Grade by all instructions of the prompt: strictly, and loosely as the paper forgives openings and stars.

    An undecided instruction counts as not followed.
    """
    lines = text.split("\n")
    cuts = (text, "\n".join(lines[1:]).strip(), "\n".join(lines[:-1]).strip(), "\n".join(lines[1:-1]).strip())
    variants = [*cuts, *(cut.replace("*", "") for cut in cuts)]
    told: Any = instance.meta["instructions"]
    strict = all(follows(each["id"], text, each["arguments"]) is True for each in told)
    loose = all(any(follows(each["id"], variant, each["arguments"]) for variant in variants) for each in told)
    return {"strict": strict, "loose": loose}


def _validate(problem: str) -> None:
    if not problem.strip():
        raise BadInput("The problem is empty.")
    if len(problem) > _LONGEST:
        raise BadInput(f"The problem has {len(problem)} characters; at most {_LONGEST} are taken.")


def _type_constraints(reply: Json) -> Constraints | None:
    told = (
        reply.get("instructions") if isinstance(reply, Mapping) and set(reply) == {"instructions"} else None
    )
    if not isinstance(told, list) or not told:
        return None
    for each in told:
        if not isinstance(each, Mapping) or set(each) != {"id", "arguments"}:
            return None
        if not well_formed(str(each["id"]), each["arguments"]):
            return None
    return Constraints(
        items=tuple(_words(each) for each in told), data={"instructions": told}, source="model"
    )


def _words(told: Any) -> str:
    return instruction_words(told["id"], told["arguments"])


def _shape(constraints: Constraints, text: str, grain: Grain) -> OutputFormat:
    return (
        OutputFormat(max_tokens=1024) if grain == "solution" else OutputFormat(max_tokens=200, stop=("\n\n",))
    )


def _check(constraints: Constraints, text: str, complete: bool) -> Verdict | None:
    """Check a whole reply against every extracted instruction; a beginning is not judged.

    A reply that breaks none but leaves one undecided is not judged either.
    """
    told: Any = constraints.data.get("instructions")
    if not complete or not isinstance(told, list) or not told:
        return None
    found = [(_words(each), follows(each["id"], text, each["arguments"])) for each in told]
    broken = [words for words, followed in found if followed is False]
    unsure = [words for words, followed in found if followed is None]
    if unsure and not broken:
        return not_judged(f"it cannot be told whether this is followed: {'; '.join(unsure)}.", _NAME)
    return Verdict(
        score=-100 + 190 * (1 - len(broken) / len(told)) if broken else 100,
        accepted=not broken,
        feedback=f"Not followed: {'; '.join(broken)}." if broken else "Every instruction is followed.",
        verified_by=VerifiedBy.PROGRAM if constraints.source == "program" else VerifiedBy.MODEL,
        verifier=_NAME,
    )
