"""The dev identity provider: OpenID Connect with one button for each persona of the demo, in dev and on loopback only.

It speaks the protocol that production speaks, so that production differs by the issuer's address alone.
"""
