"""The web search workflow: the same strategies over an environment; a node is an action and its page."""
