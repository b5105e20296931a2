"""Signing in through a browser: the code flow of OpenID Connect, with the tokens kept here and a cookie there."""
