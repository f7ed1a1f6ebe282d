"""What the sandbox WhatsApp knows: businesses with their numbers and tokens, people, messages, webhooks."""
