"""Arithmetic of evidence: pure functions over numbers."""
