"""The pages about accounts, workspaces and members. URLs import them."""
