"""``python -m migrations``: migrates the database at OWNER_DATABASE_URL and prints one line."""

import asyncio
import os
import sys

from migrations.files import MigrationRefused
from migrations.runner import migrate


def main() -> int:
    """0 after success, 1 after a refusal, whose sentence goes to standard error."""
    owner_dsn = os.environ.get("OWNER_DATABASE_URL")
    if not owner_dsn:
        print("Set OWNER_DATABASE_URL to the address of the database, with the user that owns it.", file=sys.stderr)
        return 1
    try:
        count = asyncio.run(migrate(owner_dsn))
    except MigrationRefused as refusal:
        print(f"Not migrated: {refusal}.", file=sys.stderr)
        return 1
    print(f"Migrated: {count} applied." if count else "Migrated: nothing to do.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
