"""`python -m bench [NAME …] [--write]`: each measurement in a process of its own, one table, and BENCHMARKS.md."""

import datetime as dt
import os
import platform
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import msgspec

from bench.figure import Figure

ALL = ("gateway", "fold", "budgets", "bytewax", "bridge", "path", "memory")
ROOT = Path(__file__).resolve().parents[1]
HEAD = ("what", "figure", "budget", "beside")


def main(arguments: list[str]) -> int:
    names = [each for each in arguments if not each.startswith("--")] or list(ALL)
    if "--one" in arguments:
        sys.stdout.buffer.write(msgspec.json.encode(import_module(f"bench.{names[0]}").measure()))
        return 0
    figures: list[Figure] = []
    failed = 0
    for name in names:
        print(f"measuring: {name}", file=sys.stderr, flush=True)
        child = subprocess.run([sys.executable, "-m", "bench", "--one", name], cwd=ROOT, stdout=subprocess.PIPE, check=False)
        if child.returncode:
            failed += 1
            print(f"{name}: not measured", file=sys.stderr)
            continue
        figures += msgspec.json.decode(child.stdout.splitlines()[-1], type=list[Figure])
    rows = [figure.cells() for figure in figures]
    print(f"\n{_machine()}\n")
    print(_columns([HEAD, *rows]))
    if "--write" in arguments:
        _write(rows)
    return 1 if failed else 0


def _machine() -> str:
    model = next(
        (line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "unknown"
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{dt.datetime.now(dt.UTC):%Y-%m-%d}, {os.cpu_count()} cores of {model}, {memory:.0f} GiB, "
        f"{platform.system()} {platform.release().split('-')[0]}, Python {platform.python_version()}; load {os.getloadavg()[0]:.1f} at the end"
    )


def _columns(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[i].replace("**", "")) for row in rows) for i in range(3)]
    return "\n".join("  ".join([*(row[i].replace("**", "").ljust(widths[i]) for i in range(3)), row[3]]) for row in rows)


def _write(rows: list[tuple[str, ...]]) -> None:
    path = ROOT / "BENCHMARKS.md"
    notes = path.read_text().partition("\n## ")[2] if path.exists() else ""
    table = "\n".join(f"| {' | '.join(row)} |" for row in [HEAD, ("---",) * 4, *rows])
    text = f"# Benchmarks\n\nWritten by `make bench`. {_machine()}.\nCPU figures are by resource usage, best of several; ratios are of one run.\n\n{table}\n"
    path.write_text(text + (f"\n## {notes}" if notes else ""))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
