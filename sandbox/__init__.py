"""Local stand-ins for Slack, OpenAI, Stripe and a mailbox, to try the product without any account. See README.md."""
