"""A web browser as an environment."""
