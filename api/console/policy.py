"""What the console's page may load and speak to."""

from typing import Final

# Everything is a file of this origin. Two exceptions, both for the editor alone:
# - it makes style sheets while it runs; they carry the page's nonce, which markup from elsewhere does not know;
# - it places each line of text by a style attribute, which no nonce can cover. A style attribute has no selectors and
#   can load nothing here, since images come from this origin or are data.
_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "style-src 'self' 'nonce-{nonce}'",
        "style-src-attr 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


def page_headers(nonce: str) -> dict[str, str]:
    """The headers of the page; the nonce is another one each time."""
    return {
        "Content-Security-Policy": _POLICY.format(nonce=nonce),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }
