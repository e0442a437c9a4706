"""`raslab notebook`: JupyterLab on the notebooks, with the kernels that live in a lab machine."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from raslab.course.project import PROJECT


def add_to(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser("notebook", help="open JupyterLab on the notebooks", description=__doc__)
    parser.add_argument("file", metavar="FILE", nargs="?", type=Path, help="the notebook to open")
    parser.add_argument("--port", metavar="N", type=int, default=8888, help="where it listens (default 8888; 0: any)")
    parser.add_argument(
        "--listen",
        metavar="ADDRESS",
        default="127.0.0.1",
        help="address of this computer (default 127.0.0.1, which only this computer reaches; 0.0.0.0: all)",
    )
    parser.add_argument("--no-browser", action="store_true", help="print where it is and open no web browser")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until it is interrupted; 0."""
    from raslab.machine.jupyter.server import has_screen, serve, service_for

    notebooks = PROJECT / "notebooks"
    home = notebooks if notebooks.is_dir() else Path.cwd()
    browser = not args.no_browser and has_screen(os.environ)
    serve(service_for(args.file, home, listen=args.listen, port=args.port, browser=browser), announce)
    return 0


def announce(url: str) -> None:
    """Tell where it is."""
    print(f"JupyterLab is at  {url}", flush=True)
    print("The kernels RAS lab and RAS lab, virtual time run in lab machines. Ctrl-C ends JupyterLab and all of them.")
