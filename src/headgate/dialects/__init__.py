"""The API shapes: one folder a dialect, blind to each other, symmetric and free of I/O."""
