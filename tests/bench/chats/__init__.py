"""The bench of open web chats."""
