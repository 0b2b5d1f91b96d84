"""Merkle roots over each tenant's hash chain: published now and then, so that whoever keeps one can
tell later whether anything before it was altered, even by who can write every hash anew."""
