"""Sandbox for programs written by a model (docs/decisions/0020)."""
