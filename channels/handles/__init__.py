"""A person's ids at a provider: who wrote, and what is known of them. It imports models only."""
