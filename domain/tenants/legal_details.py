"""Which public register a legal entity stands in, and for how many years its documents are kept."""

from dataclasses import dataclass
from typing import Final

from domain.actor import Grant
from domain.db import Tx
from domain.ids import LegalEntityId
from domain.operation import operation
from domain.refusals import RefusalCode, Refused

# In Germany books are kept 10 years (§ 147 (3) AO), invoices 8 and until 2024 10 (§ 14b (1) UStG): ten do for both.
DEFAULT_YEARS: Final = 10
MAX_YEARS: Final = 50  # no law asks for more; a typing error would keep personal data for ever
_ALLOWED = frozenset({Grant.SYSTEM, Grant.ADMIN, Grant.FINANCE})


@dataclass(frozen=True, slots=True)
class SetLegalDetails:
    """The entry as documents print it, such as "HRB 12345 B, Amtsgericht Charlottenburg", or nothing; and the years."""

    register_entry: str
    retention_years: int


@operation("tenants.set_legal_details", allowed=_ALLOWED)
async def set_legal_details(tx: Tx, command: SetLegalDetails) -> SetLegalDetails:
    """Runs under the legal entity's house. INVALID_INPUT for years out of range; issued documents say what they said,
    and are kept as long as was promised, or longer where this says so."""
    require_years(command.retention_years)
    await promise(tx, tx.head.legal_entity, command.retention_years)
    await tx.execute(
        "UPDATE legal_entity SET register_entry = $2, retention_years = $3 WHERE id = $1",
        tx.head.legal_entity.uuid,
        command.register_entry,
        command.retention_years,
    )
    return command


async def promise(tx: Tx, entity: LegalEntityId, years: int) -> None:
    """What is issued from now on is kept for that many years at least, and what was issued before as well."""
    said: int = await tx.fetchval("SELECT count(*) FROM retention_promise WHERE legal_entity_id = $1", entity.uuid)
    await tx.execute(
        "INSERT INTO retention_promise (legal_entity_id, seq, years, recorded_at) VALUES ($1, $2, $3, $4)",
        entity.uuid,
        said + 1,
        years,
        tx.recorded_at,
    )


def require_years(years: int) -> None:
    """INVALID_INPUT unless documents can be kept that long."""
    if not 1 <= years <= MAX_YEARS:
        message = f"Documents are kept for 1 to {MAX_YEARS} years."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("retentionYears",))
