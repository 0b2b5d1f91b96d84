"""`python -m tests.faults`: disasters, and what holds after each."""

import argparse
import asyncio
import random
import signal
import sys

from tests.faults.rounds import faults


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--seed", type=int, default=None, help="default: a new one, printed")
    parser.add_argument("--longest", type=float, default=10.0, help="seconds of one disaster")
    parser.add_argument("--only", action="append", metavar="KIND", help="kinds to choose from")
    options = parser.parse_args()
    seed = random.randrange(10**6) if options.seed is None else options.seed
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing is left behind
    print(f"seed {seed} (repeat it with --seed {seed})", flush=True)
    report = asyncio.run(
        faults(
            options.rounds,
            seed,
            options.longest,
            lambda line: print(line, flush=True),
            options.only,
        )
    )
    print(report)
    sys.exit(1 if report.violations else 0)


if __name__ == "__main__":
    main()
