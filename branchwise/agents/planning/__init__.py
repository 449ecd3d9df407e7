"""Choosing a strategy, and knowing when to stop."""
