"""Schema migrations from earlier releases: one file per step, run by `schema.migrate`."""
