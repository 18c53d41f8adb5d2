"""How long the admin API takes to read a log of a million exchanges."""
