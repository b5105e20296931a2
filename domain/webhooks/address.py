"""Where an event may be sent to: public addresses over https, so that no tenant reaches what is beside us."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from domain.refusals import RefusalCode, Refused

MAX_LENGTH: Final = 2048  # what proxies and servers are known to take
HTTPS_PORT: Final = 443  # RFC 9110, 4.2.2
_CLEAN: Final = re.compile(r"[\x21-\x5b\x5d-\x7e]+", re.ASCII)  # no space, control character, backslash or other script
_NAME: Final = re.compile(r"(?=.{1,253}\Z)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
# IPv6 that carries an IPv4 address, which may be one of ours: RFC 6052, RFC 8215, and the deprecated RFC 4291 2.5.5.1.
_CARRIERS: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"), IPv6Network("::/96"))
# Of the Internet by their form, and yet of a site or a host: RFC 3879, RFC 7526, and the host service of a large cloud.
_NOT_OURS: Final = tuple(ip_network(text) for text in ("fec0::/10", "192.88.99.0/24", "168.63.129.16/32"))


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart: the host in lower case, its port, and what is asked of it."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The host as a request names it."""
        usual = HTTPS_PORT if self.scheme == "https" else 80
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == usual else f"{host}:{self.port}"


def target(url: str, *, anywhere: bool = False) -> Target:
    """The parts of a URL; INVALID_INPUT unless it is https, without credentials or a fragment, and names a host.

    A host is a name with a dot in it, or an address in its one canonical form: no other spelling of an address, which
    resolvers take too. Public is decided when it is resolved; an address is looked at here already. ``anywhere`` is for
    a laptop: http and any host.
    """
    if len(url) > MAX_LENGTH or not _CLEAN.fullmatch(url):
        raise _refused("That is no URL.")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise _refused("That is no URL.") from error
    if parts.scheme != "https" and not (anywhere and parts.scheme == "http"):
        raise _refused("The URL begins with https.")
    if "@" in parts.netloc or "#" in url or not host or port == 0:
        raise _refused("The URL names a host, and neither credentials nor a fragment.")
    if not anywhere:
        _require_public_host(host)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or (HTTPS_PORT if parts.scheme == "https" else 80), path)


def _require_public_host(host: str) -> None:
    try:
        address = ip_address(host)
    except ValueError:
        if not _NAME.fullmatch(host) or host.endswith((".localhost", ".local", ".internal", ".onion")):
            raise _refused("The host is a public name.") from None
        return
    if not is_public(address):
        raise _refused("The address is a public one.")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether the address is reached over the Internet by everybody alike, and so is any that it carries inside."""
    if isinstance(address, IPv6Address):
        inside = address.ipv4_mapped or address.sixtofour or (address.teredo[0] if address.teredo else None)
        if inside is not None or any(address in carrier for carrier in _CARRIERS):
            return False  # nobody serves webhooks through a transition mechanism
    if any(address in network for network in _NOT_OURS):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _refused(message: str) -> Refused:
    return Refused(RefusalCode.INVALID_INPUT, message, ("url",))
