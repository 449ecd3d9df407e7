"""The MCP server: searches, background runs and their trees as tools and resources of an agent."""
