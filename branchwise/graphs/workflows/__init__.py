"""Workflows of papers: LangGraph graphs on the shared runtime, one a file. The folder is the registry."""
