"""How many statements a page of history takes: as many for fifty rows as for one, and none for what nobody asks."""

from collections import Counter
from collections.abc import Sequence

from tests.api_callers import Api
from tests.lives import caught_up, day, until
from tests.statements import statements_seen

LISTED = """{ viewer { customer { invoices(first: %d) { edges { node { number state issuedAt total { decimal currency }
    lines { description period { start } quantity listAmount { decimal } amount { decimal currency } } } } } } } }"""
TAXED = """{ viewer { customer { invoices(first: %d) { edges { node { number taxes { name } payments { state }
    lines { amount { decimal } tax { decimal } explanation { kind } } } } } } } }"""
MANY = 4
LOOKS = ("pg_current_wal_flush_lsn", "pg_last_wal_replay_lsn")  # at the age of the replica, not at every page
TABLES = ("invoice", "invoice_line", "invoice_line_tax", "invoice_line_discount", "invoice_tax", "payment")


def read_from(statements: Sequence[str]) -> Counter[str]:
    """How many of the statements begin with reading each of the tables."""
    begun = [sql.split("FROM ", 1)[1].split()[0] for sql in statements if "FROM " in sql]
    return Counter(each for each in begun if each in TABLES)


async def test_a_page_reads_each_table_once_and_only_what_is_asked_for(api: Api) -> None:
    guest, _ = await api.subscriber()
    await until(api.world, guest.who, day(MANY, 2))
    await caught_up(api.world)
    counts = {}
    for document, first in [(LISTED, 1), (LISTED, MANY), (TAXED, 1), (TAXED, MANY)]:
        await guest.data(document % first)  # so that nothing is read for the first time
        with statements_seen() as statements:
            page = (await guest.data(document % first))["viewer"]["customer"]["invoices"]["edges"]
        assert len(page) == first and all(edge["node"]["lines"] for edge in page)
        told = [sql for sql in statements if not any(look in sql for look in LOOKS)]
        counts[document, first] = len(told), read_from(told)
    assert counts[LISTED, MANY] == counts[LISTED, 1] and counts[TAXED, MANY] == counts[TAXED, 1]
    assert counts[LISTED, MANY][1] == {"invoice": 1, "invoice_line": 1}
    assert counts[TAXED, MANY][1] == dict.fromkeys(TABLES, 1)
    assert counts[TAXED, MANY][0] == counts[LISTED, MANY][0] + len(TABLES) - 2
