"""The web process alone: how many events it takes and how fast it answers, beside a bare Django site."""
