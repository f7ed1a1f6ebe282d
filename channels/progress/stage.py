"""What the people of one place are shown, from a claim to its end."""

from channels.progress.audience import Audience
from channels.providers.base import Progress

What = Progress.What


class Stage:
    """ending: what they are shown at the end, if nothing else happens."""

    def __init__(self) -> None:
        self._shown: Audience | None = None
        self.ending = What.DONE

    def begin(self, audience: Audience, progress: Progress) -> None:
        """The employee is at work. Those at another address, who were shown that before, see its end."""
        if self._shown and self._shown.address != audience.address:
            self.end()
        self._shown = audience
        audience.show(progress)

    def goes_on(self, audience: Audience) -> None:
        """A message is on its way, maybe without anything that was shown before it."""
        self._shown = self._shown or audience

    def end(self) -> None:
        """Nothing is being done any more."""
        if self._shown:
            self._shown.show(Progress(self.ending))
        self.leave()

    def leave(self) -> None:
        """Somebody else shows what comes."""
        self._shown, self.ending = None, What.DONE
