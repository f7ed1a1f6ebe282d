"""What an AI employee says without asking an LLM, in its workspace's language.

Only these sentences are translated so far, in locale/: the portal is in English. After a change of one:
`pybabel compile -D django -d agents/locale` (and `-d channels/locale` for those of channels/phrases.py).
"""

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

UNAVAILABLE = _("I can't answer right now. Please try again later.")
"""When it may not answer. Operators write their own over it."""
CUT = _("(This answer was cut off at its length limit. Ask for the rest, or for a shorter answer.)")
DECLINED = _("(The AI model declined to say more.)")
FILTERED = _("(The rest of this answer was held back by the AI provider's content filter.)")

SENTENCES = (UNAVAILABLE, CUT, DECLINED, FILTERED)


def said(sentence: Promise, language: str) -> str:
    """A sentence in one of settings.LANGUAGES, whatever language is active."""
    with translation.override(language):
        return str(sentence)
