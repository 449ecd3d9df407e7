"""Workflows as LangGraph graphs: search, web search, and the runtime that executes them."""
