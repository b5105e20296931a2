"""``quittance verify``: recomputes balances, sums, sequences, documents and chains, and names the first wrong row."""

import typer
from rich.console import Console

from cli.in_a_house import in_a_house
from domain.fanout.waiting import shard_keys
from domain.reactions.house import House
from domain.reconciliation.verify import CHECKS, Finding, verify_shard


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("verify")(verify)


def verify() -> None:
    """Recompute everything that can be; exit code 1 and the first wrong row of each check that does not hold."""
    findings, shards = in_a_house("verify", _verify)
    console = Console(stderr=bool(findings))
    for finding in findings:
        console.print(str(finding), soft_wrap=True)
    if findings:
        raise typer.Exit(1)
    console.print(f"The books hold: {len(CHECKS)} checks on {shards} shard keys found nothing.")


async def _verify(house: House) -> tuple[list[Finding], int]:
    keys = await shard_keys(house.db.primary)
    found = [finding for key in keys for finding in await verify_shard(house.db.primary, key)]
    return found, len(keys)
