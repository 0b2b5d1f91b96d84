"""Settings that would break the log's order: nothing starts with them."""

import os

UNSAFE = "POSTGRES_ENABLE_DB_FUNCTIONS"


class UnsafeSetting(Exception):
    """A setting that would break the log's order."""


def refuse_unsafe_settings() -> None:
    """Raise UnsafeSetting when the environment asks for what would break the log's order."""
    if os.environ.get(UNSAFE, "").strip().lower() in ("y", "yes", "t", "true", "on", "1"):
        raise UnsafeSetting(
            f"{UNSAFE} is set: inserting by a database function takes no lock, so a reader that "
            "follows the log would miss events. Unset it to start."
        )
