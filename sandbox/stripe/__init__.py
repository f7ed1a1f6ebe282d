"""The sandbox Stripe: API, hosted pages and webhooks of one account in test mode."""
