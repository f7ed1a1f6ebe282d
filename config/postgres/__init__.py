"""Django's backend for Postgres, with a cheaper look at pooled connections. Only settings.DATABASES names it."""
