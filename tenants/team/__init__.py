"""A workspace and its people: creating one, its settings, members, invitations, API tokens, support access.

An invitation stores only the digest of its random link. The mail is sent after the commit. The link's page puts the
digest into the session and redirects, so that the link does not stay in the address bar. Whoever has proved that the
invited address is theirs becomes a member.

With support access, an owner lets staff view the portal for a limited time. Staff are viewers then: each page is
written to the workspace's audit trail before it is shown, and writes are refused.

It imports audit and mail; http, the pages and the API import it.
"""
