"""Alembic's entry: writes the revisions' SQL to the buffer that the caller gave.

Revisions are always turned into SQL first and run by our own connections, so that neither a
synchronous driver nor a greenlet is needed. A revision therefore cannot look at data; it changes
data with SQL statements. There is no BEGIN and COMMIT: the caller has a transaction.
"""

from alembic import context

from headgate.storage.tables import metadata

context.configure(
    dialect_name=context.config.attributes["dialect"],
    dialect_opts={"paramstyle": "named"},
    target_metadata=metadata,
    output_buffer=context.config.output_buffer,
    literal_binds=True,
    transactional_ddl=False,
)
context.run_migrations()
