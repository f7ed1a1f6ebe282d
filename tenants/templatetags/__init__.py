"""Template tags and filters of the portal and of account pages. Templates load them."""
