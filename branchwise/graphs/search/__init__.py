"""The search workflow: PlanGEN's agents around a strategy."""
