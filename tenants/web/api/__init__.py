"""The part of the REST API that tenants owns, one module per resource. URLs import it."""
