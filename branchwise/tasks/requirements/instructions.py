"""The requirement that a text follows one of IFEval's 25 instructions (Zhou et al. 2023, arXiv 2311.07911)."""

from __future__ import annotations

from collections.abc import Mapping

from branchwise.store.errors import BadInput, UnknownName
from branchwise.store.records import Json
from branchwise.tasks.requirements.protocol import Requirement, finding
from branchwise.tasks.requirements.rules import ARGUMENTS, follows, instruction_words, well_formed


def ifeval(value: Json) -> Requirement:
    """Require an instruction of IFEval: `{"id": "punctuation:no_comma", "arguments": {}}`.

    Raises:
        UnknownName: There is no such instruction.
        BadInput: Its arguments do not fit it.
    """
    if not isinstance(value, Mapping) or not {"id"} <= set(value) <= {"id", "arguments"}:
        raise BadInput('The requirement `ifeval` takes {"id": RULE, "arguments": {...}}.')
    name, facts = str(value["id"]), value.get("arguments", {})
    if name not in ARGUMENTS:
        raise UnknownName("instruction", name, ARGUMENTS)
    if not isinstance(facts, Mapping) or not well_formed(name, facts):
        wanted = ", ".join(f"{argument}: {kind.__name__}" for argument, kind in ARGUMENTS[name].items())
        raise BadInput(f"The instruction `{name}` takes the arguments {wanted or 'none'}.")
    words = instruction_words(name, facts)

    return Requirement(
        stored={"ifeval": {"id": name, "arguments": facts}},
        words=words,
        check=lambda text: finding(follows(name, text, facts), "it is not followed"),
        blocking=name.startswith(("language", "change_case")) or name.endswith("number_sentences"),
    )
