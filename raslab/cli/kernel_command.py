"""`raslab kernel`: build the lab kernel, say where it is, describe it."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from raslab.machine.kernel.build import Progress


def add_to(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser("kernel", help="build or find the lab kernel", description=__doc__)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    build = actions.add_parser("build", help="build it, unless it is in the cache; an interrupted build goes on")
    build.add_argument(
        "--source", type=Path, metavar="TARBALL", help="a Linux source tarball instead of Debian's package"
    )
    build.add_argument("--jobs", type=int, metavar="N", help="compilers at a time (default: one per processor)")
    build.add_argument("--force", action="store_true", help="build again although it is in the cache")
    build.set_defaults(run=run_build)
    actions.add_parser("path", help="print the path of the executable").set_defaults(run=run_path)
    actions.add_parser("info", help="print version, origin and cost of the build").set_defaults(run=run_info)


def run_build(args: argparse.Namespace) -> int:
    """Build, showing progress; 0 when a kernel is in the cache."""
    from raslab.machine.kernel import cached_kernel
    from raslab.machine.kernel.build import build
    from raslab.machine.kernel.verify import verify

    kernel = cached_kernel()
    if kernel and not args.force and not args.source:
        print(f"The lab kernel {kernel.version} is built: {kernel.path}")
        return 0
    display = ProgressDisplay(interactive=sys.stdout.isatty())
    try:
        kernel = build(display, verify, args.source, args.jobs)
    except KeyboardInterrupt:
        display.finish()
        print("Interrupted; the next `raslab kernel build` goes on from here.", file=sys.stderr)
        raise
    display.finish()
    print(
        f"Built the lab kernel {kernel.version} in {_minutes(kernel.wall_seconds)}"
        f" ({kernel.cpu_seconds:.0f} CPU-seconds): {kernel.path}"
    )
    return 0


def run_path(_args: argparse.Namespace) -> int:
    """Print the path; 1 if there is no kernel."""
    from raslab.machine.kernel import cached_kernel

    kernel = cached_kernel()
    print(
        kernel.path if kernel else "No lab kernel is built; run `raslab kernel build`.",
        file=None if kernel else sys.stderr,
    )
    return 0 if kernel else 1


def run_info(_args: argparse.Namespace) -> int:
    """Print what is known of the kernel; 1 if there is none."""
    from raslab.machine.kernel import cached_kernel

    kernel = cached_kernel()
    if kernel is None:
        print("No lab kernel is built; run `raslab kernel build`.", file=sys.stderr)
        return 1
    facts = {
        "version": kernel.version,
        "source": kernel.source,
        "recipe": kernel.recipe,
        "built": kernel.built,
        "build took": f"{_minutes(kernel.wall_seconds)}, {kernel.cpu_seconds:.0f} CPU-seconds",
        "size": f"{kernel.path.stat().st_size / 1e6:.1f} MB",
        "path": kernel.path,
        "options it lacks": ", ".join(kernel.missing_options) or "none",
    }
    for name, value in facts.items():
        print(f"{name + ':':18}{value}")
    return 0


class ProgressDisplay:
    """Shows the progress of a build: one changing line on a terminal, else a line per step and every half
    minute.
    """

    INTERVAL_S = 30.0

    def __init__(self, interactive: bool) -> None:
        self.interactive = interactive
        self.step = ""
        self.shown_at = 0.0

    def __call__(self, progress: Progress) -> None:
        """Take a report."""
        text = f"{_minutes(progress.elapsed_s):>6}  lab kernel: {progress.step}"
        if progress.done is not None:
            text += f" {progress.done:4.0%}"
        if progress.remaining_s is not None:
            text += f", about {_minutes(progress.remaining_s)} left"
        now = time.monotonic()
        if self.interactive:
            end_of_step = "\n" if self.step and progress.step != self.step else ""
            print(f"{end_of_step}\r\033[K{text}", end="", flush=True)
        elif progress.step != self.step or now - self.shown_at >= self.INTERVAL_S:
            print(text, flush=True)
            self.shown_at = now
        self.step = progress.step

    def finish(self) -> None:
        """Leave the changing line."""
        if self.interactive and self.step:
            print()


def _minutes(seconds: float) -> str:
    """``6:05`` for 365 seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
