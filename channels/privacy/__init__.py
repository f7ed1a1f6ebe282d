"""People's and workspaces' rights: erasure of a person, retention, and the end of a workspace.

It imports connections and messages; tasks and pages import it.
"""
