"""Every field that the trail can show has a name for people."""

from agents.models import PROFILE_FIELDS
from billing.sync.entitlement import NOT_AUDITED
from channels.connections.health import AUDITED as OF_CONNECTIONS
from tenants.audit.fields import FIELDS, field_of
from tenants.team.profile import FIELDS as OF_WORKSPACES
from tenants.team.tokens import AUDITED as OF_TOKENS


def test_what_the_apps_keep_changes_of_is_named() -> None:
    audited = {*PROFILE_FIELDS, *OF_CONNECTIONS, *OF_WORKSPACES, *OF_TOKENS}

    assert audited - FIELDS.keys() == set()
    assert NOT_AUDITED & FIELDS.keys() == set()


def test_an_unknown_field_goes_by_its_own_name() -> None:
    assert (field_of("slug"), field_of("shoe_size")) == ("Address", "Shoe size")
