"""How a database of an earlier release becomes one of this: one file a step, run by `schema.upgrade`."""
