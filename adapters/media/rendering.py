"""Rendering: what is made of an uploaded source, in a child that may be killed."""

from pathlib import Path

from adapters.media.verdict import Job, Kind, Rendition, Unacceptable, Verdict

__all__ = ["Job", "Kind", "Rendition", "Unacceptable", "Verdict", "render"]


async def render(source: Path, folder: Path, job: Job) -> Verdict:
    """Look at ``source`` and write its renditions into ``folder``, which exists.

    Raises Unacceptable with a reason for who sent it; also when its child dies or takes too
    much memory or time. Files are in the folder only when a verdict is given. What happens to
    be wrong with this machine is an OSError: nothing is said of the source then.
    """
    raise OSError("rendering is not built yet")
