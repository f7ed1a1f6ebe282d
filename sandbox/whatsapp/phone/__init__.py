"""A phone from which a person writes to a business's number: `routes` has its pages and what can be done there."""
