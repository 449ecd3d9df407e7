"""Searching an environment: the same strategies, but a node is an action and its page."""
