"""Proof that the read side is what the log says: the log folded again, and compared row by row.

One REPEATABLE READ transaction holds the log, the rows and the projections' positions still, so it
runs beside a live system; each projection is compared at the position that it had then.
"""

from adapters.projector.verify.difference import Difference, Found, Progress, Verified
from adapters.projector.verify.verification import Verification, verify

__all__ = ["Difference", "Found", "Progress", "Verification", "Verified", "verify"]
