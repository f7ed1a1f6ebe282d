"""The way of whole messages through web, worker and the sandbox's peers."""
