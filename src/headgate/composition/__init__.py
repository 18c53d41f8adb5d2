"""The composition root and what it puts to work: the only place where all parts meet."""
