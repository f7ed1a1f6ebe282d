"""`manage.py doctor`: configuration and every outside connection, with cause and fix."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand

from tenants.doctor import report
from tenants.doctor.report import Finding, State


class Command(BaseCommand):
    help = (
        "Check the configuration and every outside connection; say cause and fix. Exit status 1 if there is a problem."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON document instead of lines")

    def handle(self, *args: Any, json: bool, **options: Any) -> None:
        found = []
        for finding in report.findings():
            found.append(finding)
            if not json:
                self.stdout.write(f"{finding.state.value:8} {finding.subject}: {finding.text}")
        problems = sum(finding.state is State.PROBLEM for finding in found)
        if json:
            self.stdout.write(as_json(found))
        else:
            self.stdout.write(f"\n{len(found)} checks, {problems} problems.")
        if problems:
            sys.exit(1)


def as_json(found: list[Finding]) -> str:
    """A list of objects with `subject`, `state` and `text`."""
    return json.dumps(
        [{"subject": each.subject, "state": each.state.value, "text": each.text} for each in found], indent=2
    )
