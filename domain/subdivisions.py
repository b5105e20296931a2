"""The subdivisions of the countries in which tax follows the region, as ISO 3166-2 writes them after the country.

Source: ISO 3166-2 in the Online Browsing Platform of ISO (iso.org/obp, codes US, CA, IN, AU, ES), with the changes that
were published until November 2023, when Chhattisgarh, Odisha, Telangana and Uttarakhand became CG, OD, TS and UK.
What was stored before a code changed stays as it is; only what is new is looked up here.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

# 50 states, the District of Columbia and 6 outlying areas, which ISO 3166-1 knows as countries of their own too.
_US: Final = """
    AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI
    SC SD TN TX UT VT VA WA WV WI WY DC AS GU MP PR UM VI
"""
_CA: Final = "AB BC MB NB NL NS ON PE QC SK NT NU YT"  # 10 provinces and 3 territories
# 28 states and 8 union territories.
_IN: Final = """
    AP AR AS BR CG GA GJ HR HP JH KA KL MP MH MN ML MZ NL OD PB RJ SK TN TS TR UP UK WB AN CH DH DL JK LA LD PY
"""
_AU: Final = "NSW QLD SA TAS VIC WA ACT NT"  # 6 states and 2 territories
# 17 autonomous communities, 2 autonomous cities and 50 provinces; which of them are not in the Union's VAT territory is
# said in ``domain.tax.place``.
_ES: Final = """
    AN AR AS CB CL CM CN CT EX GA IB MC MD NC PV RI VC CE ML
    A AB AL AV B BA BI BU C CA CC CO CR CS CU GC GI GR GU H HU J L LE LO LU M MA MU NA O OR P PM PO S SA SE SG SO SS T
    TE TF TO V VA VI Z ZA
"""

SUBDIVISIONS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        country: frozenset(codes.split())
        for country, codes in (("US", _US), ("CA", _CA), ("IN", _IN), ("AU", _AU), ("ES", _ES))
    }
)
"""By country; a country that is not among them takes any region of the right form."""
