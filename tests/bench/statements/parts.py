"""The part of the bench about statements: it measures, prints its tables, and returns its figures by name."""

from argparse import Namespace

from tests.bench.aims import Figures
from tests.bench.figures import say, table
from tests.bench.statements import message, pages
from tests.bench.statements.reading import recorded_stack


def of_statements(given: Namespace) -> Figures:
    """The statements of a message and of each page."""
    with recorded_stack() as recording:
        costs, found = message.measure(recording), pages.measure(recording)
    for name, cost in costs.items():
        say(f"{name}: {cost.transactions:g} transactions, {cost.savepoints:g} savepoints")
        table(f"Statements of {name}: {cost.statements:g}", ["each"], message.rows(cost))
    table("Statements of a page", ["each"], pages.rows(found))
    return {
        "statements_per_message": max(cost.statements for cost in costs.values()),
        "transactions_per_message": max(cost.transactions for cost in costs.values()),
        "page_statements_max": max(found.values()),
    }
