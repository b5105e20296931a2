"""Tax ids of customers: personal data in one erasable table. We verify their form and check digits ourselves."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from stdnum.au import abn
from stdnum.ca import bn
from stdnum.ch import vat as ch_vat
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError
from stdnum.gb import vat as gb_vat
from stdnum.in_ import gstin
from stdnum.jp import cn
from stdnum.no import mva
from stdnum.nz import ird
from stdnum.sg import uen
from stdnum.us import ein

from domain.db import Primary
from domain.ids import CustomerId, TaxIdentityId

_TYPED: Final = re.compile(r"[A-Za-z0-9 ./-]{4,40}")  # what people put between the digits; the longest id has 15


class TaxIdKind(StrEnum):
    """What kind of id it is; a country has one kind."""

    EU_VAT = "eu_vat"
    GB_VAT = "gb_vat"
    CH_VAT = "ch_vat"
    NO_VAT = "no_vat"
    AU_ABN = "au_abn"
    NZ_GST = "nz_gst"
    SG_UEN = "sg_uen"
    IN_GSTIN = "in_gstin"
    JP_CN = "jp_cn"
    CA_BN = "ca_bn"
    US_EIN = "us_ein"


class TaxIdStatus(StrEnum):
    """Whether taxes may rely on it: only a valid one makes its owner a business."""

    VALID = "valid"
    UNVERIFIED = "unverified"
    INVALID = "invalid"


_CHECKED: Final[dict[str, tuple[TaxIdKind, Callable[[str], str]]]] = {
    "GB": (TaxIdKind.GB_VAT, gb_vat.validate),
    "CH": (TaxIdKind.CH_VAT, ch_vat.validate),
    "NO": (TaxIdKind.NO_VAT, mva.validate),
    "AU": (TaxIdKind.AU_ABN, abn.validate),
    "NZ": (TaxIdKind.NZ_GST, ird.validate),
    "SG": (TaxIdKind.SG_UEN, uen.validate),
    "IN": (TaxIdKind.IN_GSTIN, gstin.validate),
    "JP": (TaxIdKind.JP_CN, cn.validate),
    "CA": (TaxIdKind.CA_BN, bn.validate),
    "US": (TaxIdKind.US_EIN, ein.validate),
}
_WITHOUT_CHECK_DIGIT: Final = frozenset({TaxIdKind.US_EIN})  # its form says too little to rely on
_PREFIXES: Final = {code.upper(): code.upper() for code in eu_vat.MEMBER_STATES - {"xi"}} | {"GR": "EL"}


class NotATaxId(ValueError):
    """The text is no tax id of the country, by its form or by its check digits."""


class NoKindOfTaxId(ValueError):
    """We know no tax id of the country."""


@dataclass(frozen=True, slots=True)
class ReadTaxId:
    """A tax id as it is written down officially, and what is known of it so far."""

    kind: TaxIdKind
    value: str
    status: TaxIdStatus


def read_tax_id(country: str, typed: str) -> ReadTaxId:
    """The tax id that somebody typed, one of the Union with its prefix; NotATaxId or NoKindOfTaxId for other text."""
    if country not in _PREFIXES and country not in _CHECKED:
        raise NoKindOfTaxId(country)
    if not _TYPED.fullmatch(typed):
        raise NotATaxId(country)
    try:
        if country in _PREFIXES:
            return ReadTaxId(TaxIdKind.EU_VAT, _european(_PREFIXES[country], typed), TaxIdStatus.VALID)
        kind, validate = _CHECKED[country]
        status = TaxIdStatus.UNVERIFIED if kind in _WITHOUT_CHECK_DIGIT else TaxIdStatus.VALID
        return ReadTaxId(kind, validate(typed.upper()), status)
    except ValidationError as error:
        raise NotATaxId(country) from error


def _european(prefix: str, typed: str) -> str:
    text = re.sub(r"[ ./-]", "", typed).upper()
    return eu_vat.validate(text if text.startswith(prefix) else prefix + text)


@dataclass(frozen=True, slots=True)
class TaxIdentity:
    """A tax id of a customer; ``validated_at`` is when it was last found valid or invalid."""

    id: TaxIdentityId
    kind: TaxIdKind
    country: str
    value: str
    status: TaxIdStatus
    validated_at: datetime | None


async def tax_identities(db: Primary, customer: CustomerId) -> list[TaxIdentity]:
    """The customer's tax ids, oldest first."""
    rows = await db.fetch(
        """SELECT id, kind, country, value, status, validated_at FROM tax_identity
            WHERE shard_key = $1 AND customer_id = $2 ORDER BY id""",
        customer.shard,
        customer.uuid,
    )
    return [
        TaxIdentity(
            TaxIdentityId(customer.shard, row["id"]),
            TaxIdKind(row["kind"]),
            row["country"],
            row["value"],
            TaxIdStatus(row["status"]),
            row["validated_at"],
        )
        for row in rows
    ]
