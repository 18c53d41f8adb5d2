"""The history of the schema: one Alembic revision a file in `versions`."""
