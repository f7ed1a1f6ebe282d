"""The edge of this app: pages, API, Stripe's webhook, the staff's admin, the middleware, the doctor's check.

Stripe's pages lead back to `views.returning`, which syncs before it says anything. `StandingMiddleware` refuses views
marked `@needs_standing` while no employee may work, and turns every `PaymentRequiredError` into a page or a problem
document with a link to the fix.

It may import everything here; URLs, settings, the `web` packages of higher apps, and the code that links to the pages
import it.
"""
