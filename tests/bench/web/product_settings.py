"""The product's settings, with empty views among its URLs."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.web.product_urls"
