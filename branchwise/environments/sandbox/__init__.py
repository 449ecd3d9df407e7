"""Programs of a model, run apart from ours."""
