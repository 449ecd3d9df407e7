"""Structured output of ChatBranchwise: a schema that a program checks, and its parser."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage
from langchain_core.output_parsers import JsonOutputParser, PydanticOutputParser
from langchain_core.output_parsers.base import BaseOutputParser
from langchain_core.runnables import Runnable, RunnableMap, RunnablePassthrough
from langchain_core.utils.function_calling import convert_to_json_schema
from pydantic import BaseModel


def response_format(schema: dict[str, Any] | type) -> dict[str, Any]:
    """OpenAI's response format of a schema in any of LangChain's forms."""
    read = convert_to_json_schema(schema)
    return {"type": "json_schema", "json_schema": {"name": str(read.get("title", "answer")), "schema": read}}


def parsed(
    model: Runnable[LanguageModelInput, AIMessage], schema: dict[str, Any] | type, *, include_raw: bool
) -> Runnable[LanguageModelInput, Any]:
    """The model whose text is parsed.

    Args:
        model: Answers with JSON.
        schema: A pydantic model, whose instances are then given, or another form of a schema.
        include_raw: Whether to give the message, what was parsed, and a parser's error, instead of raising it.
    """
    parser: BaseOutputParser[Any] = JsonOutputParser()
    if isinstance(schema, type) and issubclass(schema, BaseModel):
        parser = PydanticOutputParser(pydantic_object=schema)
    if not include_raw:
        return model | parser
    tried = RunnablePassthrough.assign(parsed=itemgetter("raw") | parser, parsing_error=lambda _: None)
    failed = RunnablePassthrough.assign(parsed=lambda _: None)
    return RunnableMap(raw=model) | tried.with_fallbacks([failed], exception_key="parsing_error")
