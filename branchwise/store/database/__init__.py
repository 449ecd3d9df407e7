"""The database: connections, tables, their migrations, and rows written together."""
