"""The admin API: one resource a file, on FastAPI, with sessions, tokens and roles."""
