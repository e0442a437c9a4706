"""FRR 10's mgmtd, which stands between zebra and its configuration.

Up to FRR 9 zebra is told itself, as the other daemons are. From 10 on it knows no configuration commands: mgmtd takes
them and hands zebra what they mean. Who declares a zebra need not care: `as_installed` declares the rest.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import ClassVar

from raslab.errors import ConfigurationRefusedError, NoSuchServiceError
from raslab.net.waiting import look_until
from raslab.services.frr import FOLDER, FrrDaemon, Zebra
from raslab.services.place import Place
from raslab.services.service import Service
from raslab.services.vty import Vty

_PROGRAM = Path(FOLDER, "mgmtd")
_TRANSACTIONS = "show mgmt transaction all"
_NONE = re.compile("Total: 0$", re.MULTILINE)
_DEADLINE_S = 5.0
_SILENT_S = 10.0  # it waits for zebra, which looks for it once a second
_PAUSE_S = 0.001


@dataclass(frozen=True)
class Mgmtd(FrrDaemon):
    """The configuration of a zebra of FRR 10. It is ready when zebra has found it, for which that looks each second."""

    name: ClassVar[str] = "mgmtd"

    def argv(self) -> tuple[str, ...]:
        """As of the other daemons, but it reads no file that could be named."""
        return (str(_PROGRAM), "-P", "0", "--log", "stdout")

    def ready(self, place: Place) -> tuple[bool, str]:
        """It takes commands, and zebra takes its."""
        ready, seen = super().ready(place)
        if not ready:
            return ready, seen
        with closing(self.vty(place)) as vty:
            adapters = vty.run("show mgmt backend-adapter all")
        return (True, "") if Zebra.name in adapters.split() else (False, "zebra has not connected to mgmtd")

    def vty(self, place: Place) -> Vty:
        """A connection to the daemon."""
        return _PatientVty(place.name, self.name, self.socket(place), place.patience(_SILENT_S))

    def stop(self, place: Place) -> None:
        """Take back what zebra has been told: it would go on without mgmtd."""
        with suppress(NoSuchServiceError, ConfigurationRefusedError):
            replace(self, config="").reload(place, self)


class _PatientVty(Vty):
    """mgmtd answers a line a little before it has finished with it, and refuses another one meanwhile."""

    def run(self, command: str) -> str:
        answer = super().run(command)
        with closing(Vty(self.node, self.daemon, self._path, self._patience)) as other:
            look_until(_NONE.search, lambda: other.run(_TRANSACTIONS), _DEADLINE_S, partial(time.sleep, _PAUSE_S))
        return answer

    def configure_at_once(self, lines: Iterable[str]) -> None:
        self.configure(lines)


def as_installed(services: Sequence[Service], *, through_mgmtd: bool | None = None) -> tuple[Service, ...]:
    """The services of a node, as the installed FRR wants them: what zebra is to be told may be mgmtd's.

    through_mgmtd: whether it is; None looks whether FRR has a mgmtd.
    """
    has_mgmtd = _PROGRAM.exists() if through_mgmtd is None else through_mgmtd
    zebras = [one for one in services if isinstance(one, Zebra) and one.config]
    if not has_mgmtd or not zebras:
        return tuple(services)
    return (*(Zebra() if one in zebras else one for one in services), *(Mgmtd(one.config) for one in zebras))
