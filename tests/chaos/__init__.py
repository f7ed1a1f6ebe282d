"""Does any message get lost or answered twice while everything breaks? `make chaos`."""
