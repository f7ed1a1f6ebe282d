"""What the ledger says, for people: sums by day and employee (summary), and charts of them (charts). It only reads."""
