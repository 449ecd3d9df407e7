"""A Python function with type hints as a tool; pydantic makes the schema and checks the arguments."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ArgsKwargs, PydanticSerializationError, to_jsonable_python

from branchwise.models.protocol import Tool
from branchwise.store.errors import BadInput
from branchwise.store.json_text import to_json
from branchwise.store.records import Json
from branchwise.tools.protocol import Arguments, ToolHints, ToolResult

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, kw_only=True, slots=True)
class FunctionTool:
    """A function as a tool; made by `function_tool`."""

    spec: Tool
    hints: ToolHints
    timeout: float
    function: Callable[..., Any]
    check: Callable[[Arguments], tuple[tuple[Any, ...], dict[str, Any]]]
    """Converts the arguments to those of the function."""

    async def call(self, arguments: Arguments) -> ToolResult:
        """Check the arguments and call the function, in a thread unless it is a coroutine function.

        Raises:
            BadInput: The arguments do not fit the schema, or the result is not plain data.
            Exception: What the function raises.
        """
        positional, named = self.check(arguments)
        if inspect.iscoroutinefunction(self.function):
            found = await self.function(*positional, **named)
        else:
            found = await asyncio.to_thread(self.function, *positional, **named)
            found = await found if inspect.isawaitable(found) else found
        return result_of(found, self.spec.name)


def function_tool(
    function: Callable[..., Any],
    *,
    name: str = "",
    description: str = "",
    hints: ToolHints | None = None,
    timeout: float = 30.0,
) -> FunctionTool:
    """Make a tool of a function.

    Args:
        function: A function or a coroutine function with a type hint for each parameter; a description of a parameter
            is `Annotated[str, Field(description="...")]`. It returns a text, plain data, or a ToolResult.
        name: Its name for the model; by default the function's.
        description: By default the function's docstring.
        hints: Its effects; by default it acts, so that a person approves each call. `READ_ONLY` for one that only looks
            something up.
        timeout: Maximum seconds of one call.

    Raises:
        BadInput: The function has a parameter without a usable type hint, or no valid name.
    """
    shown = name or str(getattr(function, "__name__", ""))
    if not _NAME.fullmatch(shown):
        raise BadInput(f"A tool's name is 1 to 64 letters, digits, `_` and `-`, not {shown!r}; give `name=`.")
    schema, check = _checked(function, shown)
    told = description or inspect.getdoc(function) or ""
    return FunctionTool(
        spec=Tool(name=shown, description=told, parameters=schema),
        hints=hints or ToolHints(),
        timeout=timeout,
        function=function,
        check=check,
    )


def result_of(found: object, name: str) -> ToolResult:
    """What a tool returned, as a result.

    Raises:
        BadInput: It is not plain data.
    """
    if isinstance(found, ToolResult):
        return found
    if isinstance(found, str):
        return ToolResult(text=found)
    try:
        data = cast("Json", to_jsonable_python(found))
    except (PydanticSerializationError, ValueError, RecursionError) as error:
        raise BadInput(f"`{name}` returned a `{type(found).__name__}`, not a text or plain data.") from error
    return ToolResult(text=to_json(data, sort=False), data=data)


def _checked(
    function: Callable[..., Any], name: str
) -> tuple[dict[str, Any], Callable[[Arguments], tuple[tuple[Any, ...], dict[str, Any]]]]:
    """The JSON schema of a function's arguments, and the function that checks and converts them."""
    try:
        signature = inspect.signature(function, eval_str=True)
        untyped = [p.name for p in signature.parameters.values() if p.annotation is inspect.Parameter.empty]

        def arguments(*positional: Any, **named: Any) -> Any:
            return positional, named

        arguments.__signature__ = signature.replace(return_annotation=Any)  # type: ignore[attr-defined]
        arguments.__annotations__ = {p.name: p.annotation for p in signature.parameters.values()}
        adapter: TypeAdapter[Any] = TypeAdapter(cast("Any", arguments))
        schema = adapter.json_schema()
    except Exception as error:  # an annotation may be anything
        raise BadInput(f"No schema can be made of the parameters of `{name}`: {error}") from error
    if untyped or schema.get("type") != "object":
        listed = ", ".join(f"`{one}`" for one in untyped) or "all parameters (by name)"
        raise BadInput(f"The tool `{name}` needs type hints for {listed}.")

    def check(given: Arguments) -> tuple[tuple[Any, ...], dict[str, Any]]:
        try:
            found = adapter.validate_python(ArgsKwargs((), dict(given)))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"])) or "arguments"
            raise BadInput(f"`{place}`: {first['msg']}") from error
        return cast("tuple[tuple[Any, ...], dict[str, Any]]", found)

    return schema, check
