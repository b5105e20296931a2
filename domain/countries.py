"""The countries and territories of ISO 3166-1, by their two letters, and how a region in one of them is written."""

import re
from typing import Final

from domain.refusals import RefusalCode, Refused
from domain.subdivisions import SUBDIVISIONS

# Source: ISO 3166-1 alpha-2, officially assigned codes, 249 of them since South Sudan (SS, 2011).
_CODES: Final = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA
    CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA
    GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP
    KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS
    MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS
    RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW
    TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""

COUNTRIES: Final = frozenset(_CODES.split())

# A subdivision as ISO 3166-2 writes it after the country (CA for US-CA), and perhaps a place of our own inside it.
_REGION: Final = re.compile(r"([A-Z0-9]{1,3}(-[A-Z0-9]{1,20})?)?")


def require_known_country(code: str, *path: str) -> None:
    """An officially assigned code; INVALID_INPUT for any other."""
    if code not in COUNTRIES:
        raise Refused(RefusalCode.INVALID_INPUT, "There is no such country in ISO 3166.", path)


def require_region(country: str, region: str, *path: str) -> None:
    """A subdivision such as CA or BW, a place inside it such as CA-SF, or nothing; INVALID_INPUT for any other text,
    and for what is no subdivision of a country whose subdivisions are known."""
    if not _REGION.fullmatch(region):
        message = "A region is written as ISO 3166 does after the country, such as CA, or with a place in it, as CA-SF."
        raise Refused(RefusalCode.INVALID_INPUT, message, path)
    known = SUBDIVISIONS.get(country)
    if region and known is not None and region.partition("-")[0] not in known:
        raise Refused(RefusalCode.INVALID_INPUT, f"There is no such region of {country} in ISO 3166-2.", path)
