"""What a drill tells of its outcome: one line for each fact, for docs/operator/drills.md."""

import sys


def tell(**facts: object) -> None:
    """Prints the facts, which pytest shows with -s."""
    for name, value in facts.items():
        print(f"    {name.replace('_', ' ')}: {value}", file=sys.stderr, flush=True)
