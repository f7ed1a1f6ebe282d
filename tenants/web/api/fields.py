"""Fields of the REST API that take what the domain takes, and say why not."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from rest_framework import serializers

from tenants import addresses


class AddressField(serializers.EmailField):
    """An e-mail address, brought into its normal form."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=addresses.LONGEST, **kwargs)
        self.validators = [each for each in self.validators if not isinstance(each, EmailValidator)]

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            return addresses.normalize(text)
        except ValidationError as error:
            raise serializers.ValidationError(error.messages) from error


class JSONBooleanField(serializers.BooleanField):
    """true or false; DRF's own also takes 0, "yes" and the like, which the schema does not allow."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data
