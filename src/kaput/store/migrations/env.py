"""Alembic's environment: runs the migrations on the connection that `store/migrate.py` hands in.

It configures no logging and reads no file.
"""

from alembic import context

from kaput.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
