"""Forms about channels."""

from django import forms

EXAMPLE = "Hi! Who are you, and what can you help me with?"


class TestMessageForm(forms.Form):
    """A question to send; the prefilled one works."""

    __test__ = False  # no test class, whatever its name begins with

    text = forms.CharField(
        label="Your message",
        initial=EXAMPLE,
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Write a message to send."},
    )
