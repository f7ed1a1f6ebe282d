"""The SQL statements that a message and a page cost, recorded in the product's own processes."""
