"""Where things are in the bucket: all of a tenant's under its name, objects under their content."""

from domain.media import Crop, rendering_of


def upload(tenant: str, asset: str) -> str:
    """Where it arrives, until a worker has looked at it."""
    return f"{tenant}/uploads/{asset}"


def source(tenant: str, sha256: str) -> str:
    return f"{tenant}/{sha256}/source"


def rendition(tenant: str, sha256: str, crop: Crop | None, file: str) -> str:
    return named(tenant, sha256, rendering_of(crop), file)


def named(tenant: str, sha256: str, rendering: str, file: str) -> str:
    return f"{tenant}/{sha256}/{rendering}/{file}"


def all_of(tenant: str, sha256: str) -> str:
    """The prefix of an object's files."""
    return f"{tenant}/{sha256}/"
