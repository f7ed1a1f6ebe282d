"""A local stand-in for LLM APIs. One module per provider's wire format (`openai_*`), all answered by `answers`."""
