"""The Graph API: `api` is its door, `calls` what can be called, `sending` how a message is sent."""
