#!/usr/bin/env bash
# Install the Debian or Ubuntu packages named on the command line, as root, without starting their services.
#
# Some packages bring a daemon that labs run inside their own nodes. On the host it must neither start now
# (policy-rc.d, the distribution's own switch, is in place while apt-get runs) nor at the next boot (its unit is
# disabled). Packages that were there before are not in the list, so a service that somebody uses is left alone.
set -euo pipefail

policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi

export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l
apt-get update || echo "Some package lists could not be renewed; trying with those at hand."
apt-get install --yes --no-install-recommends "$@"

if command -v systemctl >/dev/null; then
    units=$(dpkg -L "$@" | sed -n 's#^\(/usr\)\?/lib/systemd/system/\([^/@]*\.service\)$#\2#p')
    for unit in $units; do
        systemctl disable "$unit" || true # static and masked units cannot be disabled, and need not be
    done
fi
