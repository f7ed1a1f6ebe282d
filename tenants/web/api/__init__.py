"""What tenants brings to the REST API, one module a resource."""
