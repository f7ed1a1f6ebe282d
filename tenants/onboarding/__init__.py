"""The wizard's frame: which steps it has and which comes next. Each app owns its step and imports this."""
