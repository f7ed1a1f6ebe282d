"""A connected account's id here: a team's, or for a workspace's own app, the app's in a team."""

JOINT = ":"
"""In no id of Slack's."""


def own_account(app_id: str, team_id: str) -> str:
    """The account of a workspace's own app, such as A0123:T0456."""
    return f"{app_id}{JOINT}{team_id}"


def app_of(account: str) -> str:
    """The own app's id; empty for the platform's app."""
    return account.partition(JOINT)[0] if JOINT in account else ""


def team_of(account: str) -> str:
    """The team's id."""
    return account.rpartition(JOINT)[2]
