"""Pool of engines that serve one model."""

from branchwise.models.pool.pool import Pool, pool
from branchwise.models.pool.replica import ReplicaState

__all__ = ["Pool", "ReplicaState", "pool"]
