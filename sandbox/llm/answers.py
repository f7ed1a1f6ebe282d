"""How the sandbox LLM answers: the same question in the same conversation gets the same, sensible answer.

It knows the instructions it is given and what was said before, and nothing else.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sandbox.llm.persona import Persona, sentences

GREETING: Final = re.compile(
    r"^(?:hi|hello|hey|hiya|good (?:morning|afternoon|evening|day)|greetings)\b"
    r"(?:[ ,]+(?:there|all|everyone|team|again|\w+(?=\s*[!.,])))?\s*[!.,]*\s*",
    re.IGNORECASE,
)
TELLS_NAME: Final = re.compile(
    r"\b(?:my name is|my name's|call me|i am called|this is) (?P<name>[A-Z][\w'-]+)", re.IGNORECASE
)
IS_NAME: Final = re.compile(r"\b(?:I am|I'm) (?P<name>[A-Z][a-z'-]+)\b")
ASKS_NAME: Final = re.compile(r"\b(?:what(?:'s| is| was) my name|who am i|(?:remember|know) my name)\b", re.IGNORECASE)
ASKS_SELF: Final = re.compile(r"\b(?:who are you|what(?:'s| is) your (?:name|role|job)|what are you)\b", re.IGNORECASE)
ASKS_HELP: Final = re.compile(r"\b(?:what can you (?:do|help)|how can you help|can you help me)\b", re.IGNORECASE)
THANKS: Final = re.compile(r"^\W*(?:thanks|thank you|cheers|many thanks|great,? thanks|perfect)\b", re.IGNORECASE)
GOODBYE: Final = re.compile(r"^\W*(?:bye|goodbye|see you|good night)\b", re.IGNORECASE)
STATES: Final = re.compile(r"\b(?:remember|note|my|our|we|i)\b", re.IGNORECASE)
ADDRESS: Final = re.compile(r"<@\w+(?:\|[^>]*)?>[,:]?\s*|\[sandbox:[^\]]*\]\s*")
NOTE: Final = re.compile(r"\[[^\]\n]*\](?:\n|$)")
SPEAKER: Final = re.compile(r"^\w[^:\n]{0,80}: ")
STOP_WORDS_TEXT: Final = """
a an the and or but of to in on at for from by with about as is are was were be been am do does did can could will
would should may might must have has had i you he she it we they me my your our their its this that these those what
which who whom when where why how if then so not no yes please tell know need want like just there here any some get
got much many also too up out hi hello hey thanks thank remember let us say said day
"""
STOP_WORDS: Final = frozenset(STOP_WORDS_TEXT.split())
ENOUGH: Final = 1.0


@dataclass(frozen=True)
class Conversation:
    """Instructions, and turns of (`user` or `assistant`, text), oldest first."""

    instructions: str
    turns: Sequence[tuple[str, str]]

    @classmethod
    def of(cls, instructions: str, turns: Iterable[tuple[str, str]]) -> Conversation:
        """Strips notes, names, mentions, magic phrases and curly apostrophes, which mean nothing here."""
        given = list(turns)
        is_framed = any(role == "user" and NOTE.match(text) for role, text in given)
        own = [(role, _own_words(text) if is_framed and role == "user" else text) for role, text in given]
        plain = [(role, ADDRESS.sub("", text).replace("\u2019", "'").strip()) for role, text in own]
        return cls(instructions.replace("\u2019", "'"), plain)

    @property
    def unanswered(self) -> list[str]:
        """The user's messages since the last answer."""
        found: list[str] = []
        for role, text in reversed(self.turns):
            if role != "user":
                break
            found.append(text)
        return [text for text in reversed(found) if text]

    @property
    def said(self) -> list[str]:
        """Everything that the user has said, oldest first."""
        return [text for role, text in self.turns if role == "user"]


def _own_words(text: str) -> str:
    """The message without its notes in brackets and the speakers' names before what they said."""
    said = text.partition("\n\n")[2] if NOTE.match(text) else text
    lines = said.splitlines()
    return "\n".join(SPEAKER.sub("", line).strip() for line in lines)


def answer(conversation: Conversation) -> str:
    """Answer every message that has no answer yet, in order."""
    persona = Persona.of(conversation.instructions)
    parts = [_answer(persona, conversation, message) for message in conversation.unanswered]
    return "\n\n".join(dict.fromkeys(parts)) or f"Hello! {persona.introduction}. How can I help you today?"


def _answer(persona: Persona, conversation: Conversation, message: str) -> str:
    greeted = GREETING.match(message)
    rest = message[greeted.end() :] if greeted else message
    reply = _reply(persona, conversation, rest) if rest.strip() else "How can I help you today?"
    if not greeted:
        return reply
    return f"Hello! {reply}" if reply.startswith(persona.introduction) else f"Hello! {persona.introduction}. {reply}"


def _reply(persona: Persona, conversation: Conversation, message: str) -> str:
    return _small_talk(persona, conversation, message) or _from_facts(persona, conversation, message)


def _small_talk(persona: Persona, conversation: Conversation, message: str) -> str:
    told = _name_in(message)
    if ASKS_NAME.search(message):
        return _recalled_name(conversation)
    if told and "?" not in message:
        return f"Nice to meet you, {told}. How can I help you?"
    if ASKS_SELF.search(message):
        return f"{persona.introduction}. How can I help you?"
    if THANKS.match(message):
        return "You're welcome! Is there anything else I can help with?"
    if GOODBYE.match(message):
        return "Goodbye, and have a good day."
    return _offer(persona) if ASKS_HELP.search(message) else ""


def _name_in(message: str) -> str:
    match = TELLS_NAME.search(message) or IS_NAME.search(message)
    return match["name"].capitalize() if match else ""


def _recalled_name(conversation: Conversation) -> str:
    names = [name for text in conversation.said if (name := _name_in(text))]
    return f"Your name is {names[-1]}." if names else "You haven't told me your name yet. What should I call you?"


def _from_facts(persona: Persona, conversation: Conversation, message: str) -> str:
    """The best matching sentence of the instructions, else of what the user said before, else an offer."""
    earlier = [
        text for said in conversation.said[:-1] if said != message for text in sentences(said) if "?" not in text
    ]
    fact = best_match(message, persona.facts)
    if fact:
        return fact
    recalled = best_match(message, earlier)
    if recalled and _asks(message):
        return f"You told me: “{recalled.rstrip('.')}”."
    if not _asks(message) and STATES.search(message):
        return f"Noted: “{message.rstrip('.!')}”. I'll keep that in mind."
    return f"I don't have that information. {_offer(persona)}"


def _asks(message: str) -> bool:
    opening = r"\W*(?:what|when|where|who|which|why|how|do|does|did|is|are|can|could|will|would|should|may|tell me)\b"
    return "?" in message or bool(re.match(opening, message, re.IGNORECASE))


def _offer(persona: Persona) -> str:
    role = f"As {persona.role}, I" if persona.role else "I"
    if not persona.facts:
        return f"{role} am glad to help: tell me a little more about what you need."
    topics = [" ".join(fact.split()[:6]).rstrip(".,;:") for fact in persona.facts[:3]]
    return f"{role} can help with questions such as: {'; '.join(topics)}."


def best_match(question: str, candidates: Sequence[str]) -> str:
    """The candidate that shares the rarest words with the question; empty when nothing useful matches."""
    wanted = _words(question)
    bags = [_words(candidate) for candidate in candidates]
    frequency = Counter(word for bag in bags for word in bag)
    scores = [sum(1 + math.log(len(bags) / frequency[word]) for word in wanted & bag) for bag in bags]
    best = max(scores, default=0.0)
    return candidates[scores.index(best)] if best >= ENOUGH else ""


def _words(text: str) -> frozenset[str]:
    found = re.findall(r"[\w$€£%]+", text.lower())
    return frozenset(_stem(word) for word in found if word not in STOP_WORDS and len(word) > 1)


def _stem(word: str) -> str:
    for ending in ("ings", "ing", "ies", "ed", "es", "s", "y", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
