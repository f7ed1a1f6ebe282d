"""Django's settings, all read from the environment (see docs/configuration.md).

They import `config.environment` and `config.http`; code reads them through `django.conf.settings`.
"""

from config.settings.accounts import *
from config.settings.base import *
from config.settings.billing import *
from config.settings.doctor import *
from config.settings.hardening import *
from config.settings.logs import *
from config.settings.outside import *
from config.settings.pipeline import *
from config.settings.rest import *
from config.settings.site import *
from config.settings.staff import *
from config.settings.stores import *
