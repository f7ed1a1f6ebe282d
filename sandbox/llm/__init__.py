"""A local peer of LLM APIs. One module per provider's wire format (`openai_*`) over one mind (`answers`)."""
