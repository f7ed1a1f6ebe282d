"""How fast it is, on this machine, now: `make bench`."""
