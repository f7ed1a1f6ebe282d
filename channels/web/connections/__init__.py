"""The page of one connection: who it is, how it is doing, and moving it to another workspace."""
