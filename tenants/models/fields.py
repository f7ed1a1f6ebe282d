"""Fields of our own."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Value
from django.utils.functional import Promise

from tenants.wordings import Reason, as_json, from_json


class ReasonField(models.JSONField):  # type: ignore[type-arg]
    """A sentence as code and parameters: see tenants.wordings. The database refuses anything else.

    An empty Reason is kept as {}. Two are equal if code and parameters are.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("default", Reason)
        kwargs.setdefault("db_default", Value({}, models.JSONField()))
        kwargs.setdefault("blank", True)
        super().__init__(*args, **kwargs)

    def db_check(self, connection: BaseDatabaseWrapper) -> str:
        column = connection.ops.quote_name(self.column)
        return (
            f"jsonb_typeof({column}) = 'object' AND "
            f"({column} = '{{}}'::jsonb OR ({column} ->> 'code') ~ '^[a-z][a-z0-9_.]*$')"
        )

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        stored = super().from_db_value(value, expression, connection)
        return from_json(stored) if isinstance(stored, dict) or stored is None else stored

    def to_python(self, value: Any) -> Any:
        return from_json(value) if isinstance(value, dict) else value

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, str | Promise):
            raise TypeError(f"{self.name} keeps a Reason, not a sentence: declare a Wording and call it.")
        return super().get_prep_value(as_json(value) if isinstance(value, Reason) else value)

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        return super().get_db_prep_value(
            as_json(value) if isinstance(value, Reason) else value, connection, prepared=prepared
        )

    def value_to_string(self, obj: models.Model) -> Any:
        return as_json(self.value_from_object(obj))
