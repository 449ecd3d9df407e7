"""Views of a run: its record as a self-contained HTML page, and its tree as plain text."""
