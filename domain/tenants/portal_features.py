"""Which functions of the portal a tenant leaves to its customers."""

from dataclasses import dataclass

from domain.actor import Grant
from domain.db import Tx
from domain.operation import operation
from domain.portal_function import PortalFunction
from domain.refusals import RefusalCode, Refused


@dataclass(frozen=True, slots=True)
class SetPortalFeatures:
    """From now on these functions are for the staff alone, and all others for customers too."""

    switched_off: tuple[PortalFunction, ...]


@dataclass(frozen=True, slots=True)
class PortalFeaturesSet:
    """What is switched off now, by the order of their names."""

    switched_off: tuple[PortalFunction, ...]


@operation("tenants.set_portal_features", allowed=frozenset({Grant.SYSTEM, Grant.ADMIN}))
async def set_portal_features(tx: Tx, command: SetPortalFeatures) -> PortalFeaturesSet:
    """INVALID_INPUT for a function that is named twice."""
    off = sorted(set(command.switched_off))
    if len(off) < len(command.switched_off):
        raise Refused(RefusalCode.INVALID_INPUT, "Name each function once.", ("switchedOff",))
    await tx.execute(
        """INSERT INTO portal_policy (tenant_id, switched_off, recorded_at) VALUES ($1, $2, $3)
           ON CONFLICT (tenant_id) DO UPDATE SET switched_off = EXCLUDED.switched_off,
               recorded_at = EXCLUDED.recorded_at""",
        tx.head.tenant.uuid,
        [function.value for function in off],
        tx.recorded_at,
    )
    return PortalFeaturesSet(tuple(off))
