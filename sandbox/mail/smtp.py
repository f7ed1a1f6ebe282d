"""The SMTP server: aiosmtpd on the sandbox's own event loop."""

from __future__ import annotations

import asyncio
import logging

from aiosmtpd.smtp import SMTP, Envelope, Session

from sandbox.mail.inbox import Inbox

logger = logging.getLogger(__name__)


class Handler:
    """Accepts mail from anybody to anybody."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep the mail; called by aiosmtpd after DATA."""
        content = envelope.content
        raw = content.encode() if isinstance(content, str) else content or b""
        number = self._inbox.add(envelope.mail_from or "", list(envelope.rcpt_tos), raw)
        logger.info("mail %d for %s: see /mail/%d", number, ", ".join(envelope.rcpt_tos), number)
        return f"250 OK, kept as mail {number}"


async def serve(inbox: Inbox, port: int) -> asyncio.Server:
    """Listen on loopback. Raises OSError when the port is taken."""
    handler = Handler(inbox)
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: SMTP(handler, hostname="sandbox", loop=loop), "127.0.0.1", port)
