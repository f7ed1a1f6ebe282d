"""Local peers of Slack, OpenAI and a mailbox: the whole product without an account anywhere. See README.md here."""
