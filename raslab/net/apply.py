"""Executing a plan: one batch of netlink requests per namespace and phase."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator

from raslab.errors import KernelRefusedError
from raslab.net import ovs, steps
from raslab.net.encode import request
from raslab.net.namespaces import Namespaces, write_sysctls
from raslab.net.plan import Plan
from raslab.net.processes import Processes
from raslab.net.render import command, ovs_words
from raslab.net.steps import Step
from raslab.net.watch import Course, outcome

_DELETIONS = (
    steps.DeleteLink,
    steps.DeleteAddress,
    steps.DeleteRoute,
    steps.DeleteImpairment,
    steps.DeleteMplsRoute,
    steps.DeleteLastResort,
    steps.DeletePortVlan,
    steps.DeleteLocalRule,
    steps.DeleteMarkRule,
    steps.DeleteRule,
    steps.DeleteNeighbour,
    steps.DeleteForwarding,
)
_NOT_NETLINK = (steps.AddNamespace, steps.DeleteNamespace, steps.SetSysctl, *steps.OVS_STEPS)
_ALREADY_GONE = {errno.ENODEV, errno.ESRCH, errno.EADDRNOTAVAIL, errno.ENOENT}


def apply(
    plan: Plan, namespaces: Namespaces, processes: Processes, *, tolerant: bool = False, course: Course | None = None
) -> None:
    """Execute `plan`, adding to and removing from `namespaces`; the processes of removed nodes are ended.

    tolerant: go on where the kernel refuses, to take back a plan that was executed in part. course: is told how far
    it has come.
    Raises KernelRefusedError for the first step that the kernel refused, NeedsRootError.
    """
    course = course or Course(None, plan)
    for planned in filter(None, plan.phases):
        phase = tuple(_put_back(planned)) if tolerant else planned
        course.next(outcome(phase, phase[0].node), sum(isinstance(step, _NOT_NETLINK) for step in phase))
        _create(phase, namespaces)
        for refusal in (*_write_sysctls(phase, namespaces), *_send(phase, namespaces, course)):
            if not tolerant:
                raise refusal
        if not tolerant:
            _configure_ovs(phase, namespaces, processes)
        _delete(phase, namespaces, processes)


def _put_back(phase: Iterable[Step]) -> Iterator[Step]:
    """With what makes steps harmless that have nothing to take back: the kernel would have its own rule twice."""
    for step in phase:
        if isinstance(step, steps.AddLocalRule):
            yield steps.DeleteLocalRule(step.node, step.priority, step.version)
        yield step


def _create(phase: Iterable[Step], namespaces: Namespaces) -> None:
    wanted = {step.node: step.private_folders for step in phase if isinstance(step, steps.AddNamespace)}
    if wanted:
        namespaces.create(wanted)


def _write_sysctls(phase: Iterable[Step], namespaces: Namespaces) -> Iterator[KernelRefusedError]:
    settings = [step for step in phase if isinstance(step, steps.SetSysctl) and step.node in namespaces]
    if settings:
        for refusal in write_sysctls((namespaces[step.node], step.key, step.value) for step in settings):
            yield _refused(settings[refusal.position], refusal.code, str(refusal))


def _send(phase: Iterable[Step], namespaces: Namespaces, course: Course) -> Iterator[KernelRefusedError]:
    by_node: dict[str, list[Step]] = {}
    for step in phase:
        if not isinstance(step, _NOT_NETLINK) and step.node in namespaces:
            by_node.setdefault(step.node, []).append(step)
    for node, wanted in by_node.items():
        requests: list[tuple[Step, bytes]] = []
        course.next(outcome(phase, node), len(wanted))
        for step in wanted:
            try:
                requests.append((step, request(step, namespaces)))
            except OSError as error:  # an interface that is to be looked up is not there
                yield _refused(step, error.errno or 0, error.strerror or "")
        for refusal in namespaces[node].connection.send([data for _, data in requests]):
            step = requests[refusal.position][0]
            if not (isinstance(step, _DELETIONS) and refusal.code in _ALREADY_GONE):
                yield _refused(step, refusal.code, str(refusal))


def _configure_ovs(phase: Iterable[Step], namespaces: Namespaces, processes: Processes) -> None:
    by_node: dict[str, list[Step]] = {}
    for step in phase:
        if isinstance(step, steps.OVS_STEPS):
            by_node.setdefault(step.node, []).append(step)
    for node, wanted in by_node.items():
        if any(isinstance(step, steps.AddOvsBridge) for step in wanted):
            ovs.start(processes, namespaces[node])
        words = [word for step in wanted for word in ("--", *ovs_words(step))]
        ovs.configure(processes, namespaces[node], words)


def _delete(phase: Iterable[Step], namespaces: Namespaces, processes: Processes) -> None:
    for step in phase:
        if isinstance(step, steps.DeleteNamespace) and step.node in namespaces:
            namespace = namespaces.pop(step.node)
            processes.end_node(namespace)
            namespace.close()


def _refused(step: Step, code: int, reason: str) -> KernelRefusedError:
    return KernelRefusedError(step.node, command(step), code, reason, _fix(step, code))


def _fix(step: Step, code: int) -> str:
    """What the user can do about a refused step."""
    lacking = isinstance(step, steps.SetImpairment) or (isinstance(step, steps.SetSysctl) and ".mpls." in step.key)
    if code == errno.EOPNOTSUPP or (code == errno.ENOENT and lacking):
        return "This kernel has no such feature: run in the lab machine, `raslab exec --machine uml -- ...`."
    if code == errno.EEXIST and isinstance(step, steps.AddTunnel):
        return "Another tunnel of the node has the same end points and key: choose another key."
    if code == errno.EEXIST:
        return "The node already has one: choose another name or address."
    if isinstance(step, steps.AddRoute | steps.AddPaths | steps.AddMplsRoute):
        return "Check that the next hop is on a subnet of an interface that is up."
    return "Correct that setting in the topology."
