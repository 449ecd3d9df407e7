"""LangGraph checkpointer; the public class is in `branchwise.store.checkpoints.saver`."""
