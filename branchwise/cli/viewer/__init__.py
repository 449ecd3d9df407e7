"""Views of a run's tree: a self-contained HTML page, and plain text."""
