"""The database: connections, tables, migrations, and batched writes."""
