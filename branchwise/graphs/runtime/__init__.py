"""The runtime of all workflows: execution, resumption, queueing, forking and replay of recorded runs."""
