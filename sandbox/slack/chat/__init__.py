"""The page on which a person chats as somebody of a workspace. It imports `state`."""
