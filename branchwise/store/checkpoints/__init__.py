"""The parts of the checkpointer; `branchwise.store.checkpoints.saver` puts them together."""
