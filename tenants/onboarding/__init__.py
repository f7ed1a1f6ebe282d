"""The wizard's frame: which steps there are and which is next. Each app owns its step and imports this."""
