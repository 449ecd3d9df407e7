"""Requirements on form: a pattern, JSON, JSON of a schema, JSON of a Python type."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

import jsonschema_rs
from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError

from branchwise.store.errors import BadInput
from branchwise.store.records import Json
from branchwise.tasks.requirements.calls import imported
from branchwise.tasks.requirements.protocol import Finding, Requirement, kept

_FEW = 3
"""Most faults that are listed."""
_SHOWN = 300


def as_json(value: Json = True) -> Requirement:
    """Require JSON: the whole text, or one fenced block and nothing else."""
    return Requirement(
        stored={"json": True},
        words="is valid JSON and nothing else",
        check=lambda text: _read(text)[1],
        schema={},
    )


def schema(value: Json) -> Requirement:
    """Require JSON that a JSON schema admits; its patterns are matched in linear time and references must be local.

    Raises:
        BadInput: It is not a JSON schema.
    """
    if not isinstance(value, Mapping):
        raise BadInput("A requirement's JSON schema is an object.")
    validator = _validator(value)

    def check(text: str) -> Finding:
        data, finding = _read(text)
        if not finding.kept:
            return finding
        faults = []
        for fault in validator.iter_errors(data):
            place = "/".join(str(part) for part in fault.instance_path)
            faults.append(f"{place or 'the whole'}: {fault.message[:_SHOWN]}")
            if len(faults) == _FEW:
                break
        return Finding(kept=False, wrong="; ".join(faults), degree=0.5) if faults else kept()

    return Requirement(
        stored={"schema": value},
        words=f"is JSON and nothing else, by this JSON schema: {json.dumps(value)}",
        check=check,
        schema=value,
    )


def python_type(value: Json) -> Requirement:
    """Require JSON that a Python type admits, `module:Name`: a pydantic model, a dataclass, `list[int]` under a name.

    Raises:
        BadInput: It cannot be imported, or pydantic knows no JSON schema for it.
    """
    kind = imported(str(value))
    try:
        adapter = TypeAdapter[Any](kind)
        described = adapter.json_schema()
    except (PydanticSchemaGenerationError, PydanticUserError, TypeError) as error:
        raise BadInput(f"The type `{value}` has no JSON schema: {str(error).splitlines()[0]}.") from error

    def check(text: str) -> Finding:
        data, finding = _read(text)
        if not finding.kept:
            return finding
        try:
            adapter.validate_json(json.dumps(data))
        except ValidationError as error:
            return Finding(kept=False, wrong=_faults(error), degree=0.5)
        return kept()

    return Requirement(
        stored={"python_type": value},
        words=f"is JSON and nothing else, by this JSON schema: {json.dumps(described)}",
        check=check,
        schema=described,
    )


def _faults(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False)[:_FEW]
    return "; ".join(
        f"{'/'.join(map(str, one['loc'])) or 'the whole'}: {one['msg'][:_SHOWN]}" for one in found
    )


def _read(text: str) -> tuple[Json, Finding]:
    body = text.strip()
    if body.startswith("```") and body.endswith("```") and body.count("```") == 2:
        body = body[3:-3].removeprefix("json").removeprefix("JSON").strip()
    try:
        return json.loads(body, parse_constant=_no_number), kept()
    except (ValueError, RecursionError) as error:
        return None, Finding(kept=False, wrong=f"it is no JSON: {str(error)[:_SHOWN]}")


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number in JSON")


def _validator(value: Mapping[str, Json]) -> Any:
    try:
        return jsonschema_rs.validator_for(
            dict(value), pattern_options=jsonschema_rs.RegexOptions(), retriever=_no_reference
        )
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        raise BadInput(
            f"This is no JSON schema that can be used: {str(error).splitlines()[0][:_SHOWN]}."
        ) from error


def _no_reference(uri: str) -> NoReturn:
    raise ValueError(f"it refers to {uri[:200]}, and nothing is fetched")
