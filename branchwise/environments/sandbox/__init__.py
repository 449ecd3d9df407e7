"""Programs of a model, run apart from ours (docs/decisions/0091)."""
