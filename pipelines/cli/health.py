"""`spendgate health`: whether all is well, for people at night and for monitoring.

Belongs here: how findings are told, and the exit code. Does not: what is looked at (`engine.health`).
"""

import re
from dataclasses import asdict
from datetime import UTC, datetime

import click

from assets.engine.data_root import DataRoot
from assets.engine.health import Finding, look
from pipelines.cli.options import DATA, format_option
from pipelines.cli.printing import print_json, say

SIGNS = (("ok", "green"), ("warn", "yellow"), ("BAD", "red"))


@click.command(
    short_help="Tell whether all is well, and what to do if not.",
    epilog="""\b
Examples:
  spendgate health
  spendgate health --format prometheus > /var/lib/node_exporter/spendgate.prom
""",
)
@DATA
@format_option("table", "json", "prometheus", told="In words, as JSON, or as a text file for Prometheus.")
def health(data: DataRoot, format_: str) -> None:
    """Tell whether all is well: exits with 0 if so, with 1 if a person should look, with 2 if something is broken."""
    from pipelines.run_health import look_at_dagster

    now = datetime.now(UTC)
    findings = [*look(data, now), *look_at_dagster(data, now)]
    worst = max(finding.level for finding in findings)
    if format_ == "json":
        print_json({"level": worst, "findings": [asdict(finding) for finding in findings]})
    elif format_ == "prometheus":
        _print_metrics(findings)
    else:
        for finding in findings:
            sign, colour = SIGNS[finding.level]
            say(f"{sign:<5}{finding.what:<16}{finding.told}", colour=colour if finding.level else None)
    raise click.exceptions.Exit(worst)


def _print_metrics(findings: list[Finding]) -> None:
    """Two gauges for each finding: its level, and its number where it has one."""
    say("# HELP spendgate_level 0: well, 1: a person should look, 2: broken")
    say("# TYPE spendgate_level gauge")
    for finding in findings:
        say(f'spendgate_level{{what="{finding.what}"}} {finding.level}')
    for finding in findings:
        if finding.value is not None:
            name = re.sub(r"\W", "_", f"{finding.what} {finding.unit}")
            say(f"# TYPE spendgate_{name} gauge")
            say(f"spendgate_{name} {finding.value}")


COMMANDS = (health,)
