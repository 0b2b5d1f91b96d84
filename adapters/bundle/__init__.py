"""Audit bundles: one tenant's history in a file that anyone can check, without a server."""
