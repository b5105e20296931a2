"""Marks a PDF/A-3 that carries an e-invoice as Factur-X: its metadata say so in the words of Factur-X 1.0, section 6.

The metadata are replaced by an update appended to the file, as ISO 32000-1, 7.5.6 has it: the pages stay as typst wrote
them, and nothing but the file itself goes into the new bytes.
"""

import re
from typing import Final

_URI: Final = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_PROPERTIES: Final = {
    "DocumentFileName": "The name of the embedded XML document",
    "DocumentType": "The type of the hybrid document in capital letters, e.g. INVOICE or ORDER",
    "Version": "The actual version of the standard applying to the embedded XML document",
    "ConformanceLevel": "The conformance level of the embedded XML document",
}
_END_OF_SCHEMAS: Final = b"</rdf:Bag></pdfaExtension:schemas>"
_END_OF_METADATA: Final = b"</rdf:RDF>"


def mark(pdf: bytes) -> bytes:
    """The PDF with metadata that name factur-x.xml and its profile; ValueError for one that typst did not write."""
    catalog = _found(rb"/Type/Catalog\b[^\n]*?/Metadata (\d+) 0 R", pdf)
    number = int(catalog[1])
    stream = _found(rb"\n%d 0 obj\n<<[^\n]*>>\nstream\n(.*?)\nendstream" % number, pdf)
    before = _found(rb"startxref\n(\d+)\n%%EOF\s*$", pdf)
    trailer = _found(rb"trailer\n<<(.*?)>>\nstartxref", pdf)
    metadata = _marked(stream[1])
    start = pdf if pdf.endswith(b"\n") else pdf + b"\n"
    update = b"%d 0 obj\n<</Length %d/Type/Metadata/Subtype/XML>>\nstream\n%b\nendstream\nendobj\n" % (
        number, len(metadata), metadata,
    )  # fmt: skip
    table = b"xref\n%d 1\n%010d 00000 n \ntrailer\n<<%b/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (
        number, len(start), trailer[1], int(before[1]), len(start) + len(update),
    )  # fmt: skip
    return start + update + table


def _found(pattern: bytes, pdf: bytes) -> re.Match[bytes]:
    found = re.search(pattern, pdf, re.DOTALL)
    if found is None:
        raise ValueError(f"no {pattern!r} in the PDF")
    return found


def _marked(metadata: bytes) -> bytes:
    if metadata.count(_END_OF_SCHEMAS) != 1 or metadata.count(_END_OF_METADATA) != 1:
        raise ValueError("the metadata are not those that typst writes")
    described = metadata.replace(_END_OF_SCHEMAS, _schema().encode() + _END_OF_SCHEMAS)
    return described.replace(_END_OF_METADATA, _properties().encode() + _END_OF_METADATA)


def _schema() -> str:
    entries = "".join(
        f'<rdf:li rdf:parseType="Resource"><pdfaProperty:category>external</pdfaProperty:category>'
        f"<pdfaProperty:description>{said}</pdfaProperty:description><pdfaProperty:name>{name}</pdfaProperty:name>"
        f"<pdfaProperty:valueType>Text</pdfaProperty:valueType></rdf:li>"
        for name, said in _PROPERTIES.items()
    )
    return (
        f'<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>'
        f"<pdfaSchema:namespaceURI>{_URI}</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{entries}</rdf:Seq></pdfaSchema:property></rdf:li>"
    )


def _properties() -> str:
    return (
        f'<rdf:Description rdf:about="" xmlns:fx="{_URI}"><fx:DocumentType>INVOICE</fx:DocumentType>'
        f"<fx:DocumentFileName>factur-x.xml</fx:DocumentFileName><fx:Version>1.0</fx:Version>"
        f"<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel></rdf:Description>"
    )
