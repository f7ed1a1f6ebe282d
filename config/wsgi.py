"""The WSGI application, served by granian."""

import os
import sys

import django
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from config.http.handler import Handler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

try:
    django.setup(set_prefix=False)
    application = Handler()
except ImproperlyConfigured as error:
    sys.exit(str(error))

import_string("tenants.guard.refuse_powerful_role")()  # a dotted path, since models can be loaded only now
