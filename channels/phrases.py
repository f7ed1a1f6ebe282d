"""What an AI employee says on a channel without asking an LLM: see agents/phrases.py."""

from django.utils.translation import gettext_lazy as _

CANNOT_SEE = _(
    "Thank you! So far I can only read text: I can't see pictures, hear recordings or open files. "
    "Please tell me in writing what it is about."
)
"""To what has no words at all: a photo, a voice message, a huddle."""
PAUSED = _("I have answered a lot here in a short time, so I'm taking a break. Please write again later.")
"""Once, when the loop breaker stops a conversation."""
TOO_FAST = _("You are writing faster than I can answer. I'll read on in a minute.")
"""Once, to a person who is over the limit of messages a minute: what they write meanwhile is answered together."""
TOO_MANY = _("A lot of people are writing to me at the moment. I'll read on in a minute.")
"""The same where all people together are over it."""
APOLOGY = _("Sorry, something went wrong on my side and I can't answer this. Please try again later.")
"""Once, when an answer will not come."""
TEST = _("Test message from Roster")
"""The heading of an operator's test message."""

SENTENCES = (CANNOT_SEE, PAUSED, TOO_FAST, TOO_MANY, APOLOGY, TEST)
