"""Template tags and filters of the pages about subscriptions. Templates load them."""
