"""The page to chat on as a member of a workspace. It imports `state`."""
