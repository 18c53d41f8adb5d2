"""Every pair of dialects, held to the official clients, to recorded traffic, and to chance."""
