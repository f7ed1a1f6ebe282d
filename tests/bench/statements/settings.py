"""The product's settings; each statement that its processes execute is recorded."""

from config.settings import *  # noqa: F403
from tests.bench.statements import recorder

recorder.begin()
