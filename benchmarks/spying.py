"""Where the time goes, in every process of a side at once: py-spy's samples, added up."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

RATE = 200  # samples a second
SHOWN = 25  # lines of each process
FEWEST = 0.03  # share of all samples below which a process is left out


def command(interpreter: Path, target: Path) -> list[str]:
    """It takes the number of a process."""
    spy = interpreter.with_name("py-spy")
    options = "--subprocesses", "--format", "raw", "--rate", str(RATE), "--output", str(target)
    return [str(spy), "record", *options, "--pid"]


def report(samples: Iterable[str]) -> str:
    """``samples``: py-spy's raw lines, "process …;frame;frame count". For each process, the
    functions that the time is spent in, themselves and with what they call, in percent."""
    alone: defaultdict[str, Counter[str]] = defaultdict(Counter)
    within: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for line in samples:
        stack, _, times = line.rpartition(" ")
        process, frames = _parted(stack.split(";"))
        if not frames or any(frame.startswith("_find_and_load") for frame in frames):
            continue  # not Python yet, or starting up
        for frame in set(frames):
            within[process][frame] += int(times)
        alone[process][frames[-1]] += int(times)
    total = sum(sum(counts.values()) for counts in alone.values())
    shown = [name for name in alone if sum(alone[name].values()) > FEWEST * total]
    return "\n".join(_process(name, alone[name], within[name]) for name in shown)


def _parted(stack: list[str]) -> tuple[str, list[str]]:
    """A process stands below those that it started; a frame is told without its line."""
    last = max(n for n, frame in enumerate(stack) if frame.startswith("process "))
    return stack[last], [f"{frame.rpartition(':')[0]})" for frame in stack[last + 1 :]]


def _process(name: str, alone: Counter[str], within: Counter[str]) -> str:
    total = sum(alone.values())
    lines = [f"\n{name[:150]}: {total / RATE:.1f} s busy", "   itself    within"]
    for frame, times in alone.most_common(SHOWN):
        lines.append(f"   {times / total:6.1%}   {within[frame] / total:6.1%}  {frame}")
    lines.append("   with what they call:")
    lines += [
        f"            {n / total:6.1%}  {frame}" for frame, n in within.most_common(2 * SHOWN)
    ]
    return "\n".join(lines)
