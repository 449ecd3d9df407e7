"""Live evidence: strategies run on a benchmark's instances at equal budgets, every run kept in the store."""
