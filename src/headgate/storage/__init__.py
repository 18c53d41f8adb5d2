"""The database: its engine, its migrations, the books and the directory."""
