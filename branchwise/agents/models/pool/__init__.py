"""Many engines that serve one model, as one model."""

from branchwise.agents.models.pool.pool import Pool, pool
from branchwise.agents.models.pool.replica import ReplicaState

__all__ = ["Pool", "ReplicaState", "pool"]
