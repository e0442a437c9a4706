"""A Jupyter kernel that lives in a lab machine.

Front ends (JupyterLab, VS Code, nbclient, nbval) stay on the host and start `python -m raslab.machine.jupyter`, the
launcher. It owns the five sockets of the connection file, starts the machine, and carries their messages to ipykernel
in there through the machine's standard input and output. So the machine needs no network interface of its own, the
launcher knows when the machine has nothing to do, and the front end's connection outlives whatever the user does to
the machine's interfaces.

- channels: messages as bytes, and which requests are unanswered (pure)
- tunnel: sockets at one side, a pair of pipes at the other; both ends of the way are one
- front: the host's sockets; launcher: the host's process; guest: the machine's
- kernelspec: how front ends find all this
"""
