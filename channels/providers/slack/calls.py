"""Calls of Slack's Web API, and what can go wrong with them. https://docs.slack.dev/apis/web-api/"""

import errno
import logging
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from urllib.error import URLError

from django.conf import settings
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from channels.providers.base import (
    CALL_SECONDS,
    BusyError,
    DeliveryError,
    DeliveryNotNowError,
    DeliveryRefusedError,
    OutcomeUnknownError,
)
from channels.providers.slack import wordings
from channels.providers.slack.transport import DeadlineWebClient
from tenants.outbound import patience

UNREACHABLE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN}
DEAD_TOKEN = {"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"}
ERROR_CODE = re.compile(r"[a-z_]+")
"""Anything else is not Slack's: slack_sdk says in a sentence of its own that a body is not JSON."""
RETRY_AFTER = re.compile(r"[0-9]{1,9}")
LONGEST_RETRY_AFTER = 3_600.0
OWN_TROUBLE = {"fatal_error", "internal_error", "service_unavailable", "request_timeout"}


def client(token: str = "", timeout_seconds: int = CALL_SECONDS, logger: logging.Logger | None = None) -> WebClient:
    """A client without the SDK's own retries: it would send again, and that is the outbox's decision.

    logger: what the SDK logs its own errors to.
    """
    return DeadlineWebClient(
        token or None, base_url=settings.SLACK_API_URL, timeout=timeout_seconds, retry_handlers=[], logger=logger
    )


@contextmanager
def failures() -> Iterator[None]:
    """Turns every way in which a Web API call can go wrong into one of three errors."""
    try:
        patience.enter("Slack")
        yield
    except patience.BusyError as error:
        raise BusyError(wordings.BUSY(), error.wait) from error
    except SlackApiError as error:
        raise _refusal(error) from error
    except URLError as error:
        raise _broken_connection(error) from error
    except (HTTPException, SlackClientError, OSError) as error:
        raise OutcomeUnknownError(wordings.NO_ANSWER(error=str(error))) from error
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        # slack_sdk takes any answer for an object in UTF-8: a list, a number or other bytes raise one of these.
        raise OutcomeUnknownError(wordings.UNREADABLE(error=type(error).__name__)) from error


def _refusal(error: SlackApiError) -> DeliveryError:
    response = error.response
    code = str(response.get("error") or "") if isinstance(response.data, dict) else ""
    if response.status_code == 429 or code in {"ratelimited", "rate_limited"}:
        return DeliveryNotNowError(wordings.LIMITED(), _retry_after(response))
    if response.status_code >= 500 or code in OWN_TROUBLE or not ERROR_CODE.fullmatch(code):
        return OutcomeUnknownError(wordings.OWN_TROUBLE(status=response.status_code, code=code))
    if code in DEAD_TOKEN:
        return DeliveryRefusedError(wordings.DEAD_TOKEN(code=code), breaks_connection=True, code=code)
    return DeliveryRefusedError(wordings.REFUSED(code=code), code=code)


def _retry_after(response: SlackResponse) -> float:
    for name, value in response.headers.items():
        if name.lower() == "retry-after" and RETRY_AFTER.fullmatch(str(value)):
            return min(float(value), LONGEST_RETRY_AFTER)
    return 1.0


def _broken_connection(error: URLError) -> DeliveryError:
    """What never reached Slack was not sent; anything after that may have been."""
    reason = error.reason
    if isinstance(reason, ConnectionRefusedError | socket.gaierror) or getattr(reason, "errno", None) in UNREACHABLE:
        return DeliveryNotNowError(wordings.UNREACHABLE(), 5.0)
    return OutcomeUnknownError(wordings.CUT_OFF(error=str(error.reason)))
