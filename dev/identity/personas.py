"""The people and programs of the demo; demo data gives their subjects to customers, staff members and partners."""

from dataclasses import dataclass
from typing import Final

from api.audience import Audience


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody to sign in as; ``name`` is what `quittance token` takes, ``subject`` what a token says.

    One with a ``member`` role is in the account of the persona `customer`, and has none of its own.
    """

    name: str
    subject: str
    full_name: str
    email: str
    tenant: str
    surface: Audience
    roles: tuple[str, ...] = ()
    member: str = ""

    @property
    def audience(self) -> str:
        return audience_of(self.tenant, self.surface)

    @property
    def client_id(self) -> str:
        return client_id_of(self.tenant, self.surface)


def audience_of(tenant: str, surface: Audience) -> str:
    """What tokens for this door of this tenant carry as `aud`."""
    return f"quittance:{tenant}:{surface}"


def client_id_of(tenant: str, surface: Audience) -> str:
    """The registered client of this door: a web portal, the staff console or a partner's program."""
    return f"{tenant}-{surface}"


TENANTS: Final = ("acme", "globex")

PERSONAS: Final = {
    persona.name: persona
    for persona in (
        Persona("customer", "ada", "Ada Marchetti", "ada@marchetti.example", "acme", Audience.PORTAL),
        Persona("other-customer", "ben", "Ben Okafor", "ben@okafor.example", "acme", Audience.PORTAL),
        *(
            Persona(
                f"{role}-member",
                name,
                f"{name.capitalize()} Marchetti",
                f"{name}@marchetti.example",
                "acme",
                Audience.PORTAL,
                member=role,
            )
            for role, name in (("admin", "aldo"), ("billing", "bea"), ("viewer", "vito"))
        ),
        Persona("foreign-customer", "clara", "Clara Jensen", "clara@jensen.example", "globex", Audience.PORTAL),
        Persona("partner", "acme-partner", "Northwind Resale", "api@northwind.example", "acme", Audience.PARTNER),
        Persona("support", "sam", "Sam Adeyemi", "sam@acme.example", "acme", Audience.STAFF, ("support",)),
        Persona(
            "foreign-support", "gro", "Gro Vestergaard", "gro@globex.example", "globex", Audience.STAFF, ("support",)
        ),
        Persona("lead", "lea", "Lea Novak", "lea@acme.example", "acme", Audience.STAFF, ("lead",)),
        Persona("finance", "finn", "Finn Castellano", "finn@acme.example", "acme", Audience.STAFF, ("finance",)),
        Persona("admin", "ines", "Ines Adler", "ines@acme.example", "acme", Audience.STAFF, ("admin",)),
    )
}
