"""The pages about accounts, workspaces and members. urls imports them."""
