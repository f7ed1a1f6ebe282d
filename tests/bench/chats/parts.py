"""The part of the bench about open web chats: it measures, prints its tables, and returns its figures by name."""

from argparse import Namespace

from tests.bench.aims import Figures
from tests.bench.chats import measuring
from tests.bench.figures import SPREAD, ms, say, table


def of_chats(given: Namespace) -> Figures:
    """What a portal page takes while 500 web chats are open, and whether answers still come."""
    found = measuring.measure()
    head = [*SPREAD, "p95"]
    rows = {"no chat open": found.alone, "500 open, quiet": found.quiet, "500 open, 10 messages a second": found.busy}
    shown = [[name, *spread.cells(), f"{spread.percentile(0.95) * 1000:.0f} ms"] for name, spread in rows.items()]
    table("A portal page", head, shown)
    table("From a message to its answer on the page", SPREAD, [["LLM of 1 s", *found.answers.cells()]])
    say(f"Open: {found.opened} of {measuring.OPEN}. Answers: {found.per_second:.1f}/s. Drafts heard: {found.drafts}.")
    say(f"The web's memory: {found.web_mb[0]:.0f} MB, with the chats open {found.web_mb[1]:.0f} MB.\n")
    cells = [f"{each:.0f} ms" for each in found.cpu_ms.values()]
    table("CPU time for an answer, pages included", list(found.cpu_ms), [["500 open", *cells]])
    p95 = {name: ms(spread.percentile(0.95)) for name, spread in rows.items()}
    return {
        "chats_page_p95_ratio": round(max(list(p95.values())[1:]) / p95["no chat open"], 2),
        "chats_answers_per_second": round(found.per_second, 1),
        "chats_open": found.opened,
    }
