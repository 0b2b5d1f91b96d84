"""Tokens: bearer JWTs, signed with Souk's own key or by an issuer it trusts."""
