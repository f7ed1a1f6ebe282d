"""What passes between providers and the rest of channels: frozen types, errors, and what they mean.

It imports models and the ground only; providers, and whatever uses them, import it.
"""
