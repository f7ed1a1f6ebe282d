"""What an employee says without asking an LLM, in the workspace's language."""

from collections.abc import Mapping

from tenants.models import Language

CANNOT_SEE: Mapping[str, str] = {
    Language.ENGLISH: "Thank you! So far I can only read text: I can't see pictures, hear recordings or open files. "
    "Please tell me in writing what it is about.",
    Language.FRENCH: "Merci ! Pour l'instant, je ne peux lire que du texte : je ne vois pas les images, je n'entends "
    "pas les enregistrements et je n'ouvre pas les fichiers. Dites-moi par écrit de quoi il s'agit.",
    Language.GERMAN: "Danke! Bisher kann ich nur Text lesen: Bilder sehen, Aufnahmen hören und Dateien öffnen kann ich "
    "nicht. Bitte schreiben Sie mir, worum es geht.",
    Language.ITALIAN: "Grazie! Per ora posso leggere solo testo: non vedo immagini, non sento registrazioni e non apro "
    "file. Mi scriva per favore di che cosa si tratta.",
    Language.PORTUGUESE: "Obrigado! Por enquanto só leio texto: não vejo imagens, não ouço gravações nem abro "
    "ficheiros. Escreva-me, por favor, de que se trata.",
    Language.SPANISH: "¡Gracias! Por ahora solo puedo leer texto: no veo imágenes, no oigo grabaciones ni abro "
    "archivos. Escríbame, por favor, de qué se trata.",
}
"""To what has no words at all: a photo, a voice message, a huddle."""

PAUSED: Mapping[str, str] = {
    Language.ENGLISH: "I have answered a lot here in a short time, so I'm taking a break. Please write again later.",
    Language.FRENCH: "J'ai beaucoup répondu ici en peu de temps, je fais donc une pause. Écrivez-moi plus tard.",
    Language.GERMAN: "Ich habe hier in kurzer Zeit sehr viel geantwortet und mache deshalb eine Pause. Bitte schreiben "
    "Sie später wieder.",
    Language.ITALIAN: "Ho risposto molto in poco tempo, quindi faccio una pausa. Mi scriva più tardi.",
    Language.PORTUGUESE: "Respondi muito aqui em pouco tempo e faço agora uma pausa. Escreva-me mais tarde.",
    Language.SPANISH: "He respondido mucho aquí en poco tiempo, así que hago una pausa. Escríbame más tarde.",
}
"""Once, when the loop breaker stops a conversation."""
