"""Subscriptions: Stripe, its mirror in dj-stripe, the trial and the grace period."""

from urllib.parse import urlsplit

from config import environment, stripe_key
from config.settings.base import PORT, SANDBOX, env, peer
from config.settings.site import PUBLIC_URL

# Stripe. Without a key there are no subscriptions, and no page offers one.
STRIPE_API_URL = env.url("STRIPE_API_URL", peer("stripe", "/stripe", stripe_key.STRIPE_URL)).rstrip("/")
_key = stripe_key.checked(
    env.text("STRIPE_SECRET_KEY"),
    url=STRIPE_API_URL,
    is_played="stripe" in SANDBOX,
    public_url=PUBLIC_URL,
    allow_test=env.flag("ALLOW_STRIPE_TEST_KEY", default=False),
)
STRIPE_KEY = _key.value
STRIPE_LIVE_MODE = _key.is_live
# The version that dj-stripe's and the SDK's models are for. It determines the shape of all responses and events.
STRIPE_API_VERSION = "2026-05-27.dahlia"
# Where events arrive. The sandbox is on this machine, whatever host name people use.
STRIPE_WEBHOOK_ORIGIN = f"http://127.0.0.1:{PORT}" if "stripe" in SANDBOX else PUBLIC_URL
# Stripe's pages that our forms redirect to.
_address = urlsplit(STRIPE_API_URL)
_own_pages = ["https://checkout.stripe.com", "https://billing.stripe.com"]
_pages = _own_pages if STRIPE_API_URL == stripe_key.STRIPE_URL else [f"{_address.scheme}://{_address.netloc}"]
STRIPE_PAGES = _pages if STRIPE_KEY else []
# Stripe Tax has to be set up in the account first: https://docs.stripe.com/tax/set-up
STRIPE_AUTOMATIC_TAX = env.flag("STRIPE_AUTOMATIC_TAX", default=False)

# dj-stripe, which mirrors Stripe's objects. It stores the key from these settings: see config/stripe_key.py.
STRIPE_SECRET_KEY = _key.stand_in
STRIPE_API_HOST = STRIPE_API_URL
DJSTRIPE_FOREIGN_KEY_TO_FIELD = "id"
DJSTRIPE_SUBSCRIBER_MODEL = "tenants.Tenant"
# Metadata must not say whose customer it is, because people can edit it in Stripe's dashboard: our own rows do.
DJSTRIPE_SUBSCRIBER_CUSTOMER_KEY = None

# The trial: days before the first payment (0: no trial; Stripe allows at most two years), and whether it requires a
# card. Later: how many days everything keeps working after a failed payment.
TRIAL_DAYS = env.number("TRIAL_DAYS", "14", parse=environment.at_most(730), example="a whole number from 0 to 730")
TRIAL_REQUIRES_CARD = env.flag("TRIAL_REQUIRES_CARD", default=True)
PAST_DUE_GRACE_DAYS = env.count("PAST_DUE_GRACE_DAYS", "7")
