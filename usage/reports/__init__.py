"""What the ledger says, for people: sums by day and employee (summary), and their drawing (charts). It only reads."""
