"""How connections are: each fault provoked, and what is said about it."""
