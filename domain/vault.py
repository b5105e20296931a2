"""Sealing of personal data that must stay in issued documents: one key a customer, wrapped by the house's key."""

import hmac
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.clock import Entropy

KEY_BYTES = 32  # AES-256
_NONCE_BYTES = 12  # what AES-GCM is specified for (NIST SP 800-38D)


class Unsealable(Exception):
    """The sealed text was made with another key, or was changed."""


class Vault:
    """AES-256-GCM with a random nonce in front of each sealed text; erasing a customer's key erases what it sealed."""

    def __init__(self, house_key: bytes) -> None:
        if len(house_key) != KEY_BYTES:
            raise ValueError(f"a sealing key has {KEY_BYTES} bytes")
        self._house = AESGCM(house_key)
        self._house_key = house_key
        self._token_key = hmac.digest(house_key, b"token", sha256)  # a key of its own for each use (NIST SP 800-108)

    def token(self, purpose: str, of: str) -> str:
        """A name that says nothing about whose it is, the same one for the same purpose: 64 hexadecimal digits."""
        return hmac.digest(self._token_key, f"{purpose}\x00{of}".encode(), sha256).hex()

    def hide(self, purpose: bytes, text: bytes, entropy: Entropy) -> bytes:
        """The text, sealed under a key of the house's for this purpose alone."""
        return _seal(self._for(purpose), text, entropy)

    def reveal(self, purpose: bytes, hidden: bytes) -> bytes:
        """The text again; Unsealable where it was changed, or hidden for another purpose."""
        return _open(self._for(purpose), hidden)

    def _for(self, purpose: bytes) -> AESGCM:
        return AESGCM(hmac.digest(self._house_key, b"hide\x00" + purpose, sha256))

    def new_key(self, entropy: Entropy) -> bytes:
        """A fresh customer key, wrapped."""
        return _seal(self._house, entropy(KEY_BYTES), entropy)

    def seal(self, wrapped: bytes, text: bytes, entropy: Entropy) -> bytes:
        """The text, sealed under the customer's key."""
        return _seal(AESGCM(_open(self._house, wrapped)), text, entropy)

    def open(self, wrapped: bytes, sealed: bytes) -> bytes:
        """The text again; Unsealable where either part was changed."""
        return _open(AESGCM(_open(self._house, wrapped)), sealed)


def _seal(cipher: AESGCM, text: bytes, entropy: Entropy) -> bytes:
    nonce = entropy(_NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, text, None)


def _open(cipher: AESGCM, sealed: bytes) -> bytes:
    try:
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
    except (InvalidTag, ValueError) as error:  # the second for what is shorter than a nonce
        raise Unsealable("the sealed text does not open under this key") from error
