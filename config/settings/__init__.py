"""Django's settings, all of them read from the environment (see docs/configuration.md)."""

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
