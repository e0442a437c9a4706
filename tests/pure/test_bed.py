"""What a lab keeps on its bed, and what cannot be asked of it."""

from __future__ import annotations

import pytest

from raslab.course.bed import Bed
from raslab.errors import DatacenterRefusedError, LabNotRunningError
from raslab.measure.observable import ObservableNetwork
from topologies.datacenter import Datacenter
from topologies.tenant_nat import TenantNat


class Controller:
    """Something of a lab's own."""


class Other(Controller):
    """Something else."""


def test_what_a_lab_keeps_is_found_by_its_class_on_its_own_bed() -> None:
    bed, other = (Bed(name, ObservableNetwork(TenantNat())) for name in ("one", "other"))
    kept = bed.keep(Controller())
    assert bed.kept(Controller) is kept
    for where, kind in ((bed, Other), (other, Controller)):
        with pytest.raises(LabNotRunningError, match=rf"Lab {where.name} is not running, so .* {kind.__name__}"):
            where.kept(kind)


def test_a_datacenter_stays_what_it_was_the_first_time() -> None:
    bed = Bed("dc", ObservableNetwork(Datacenter()))
    first = bed.datacenter(encapsulation="nvgre")
    assert bed.datacenter() is first
    assert bed.datacenter(encapsulation="nvgre") is first
    with pytest.raises(DatacenterRefusedError, match="of dc has encapsulation='nvgre', not encapsulation='vxlan'"):
        bed.datacenter(encapsulation="vxlan")
