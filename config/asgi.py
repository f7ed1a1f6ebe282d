"""The ASGI application, served by granian: see config/http/front.py for why Django's own is not used."""

import os
import sys

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from config import garbage
from config.http.front import Front
from config.http.handler import Handler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

try:
    django.setup(set_prefix=False)
    longest = max(settings.REQUEST_MAX_BYTES, settings.WEBHOOK_MAX_BYTES)
    application = Front(Handler(), threads=settings.WEB_THREADS, most_bytes=longest)
except ImproperlyConfigured as error:
    sys.exit(str(error))

import_string("tenants.guard.refuse_powerful_role")()  # a dotted path, since models can be loaded only now
garbage.keep_what_is_loaded()
