"""Agents: LangGraph nodes that call a model; none depends on a graph or a database."""
