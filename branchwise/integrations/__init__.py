"""Bridges to other programs, each behind an extra of its own and imported on demand."""
