#!/usr/bin/env bash
# Unpack the Debian or Ubuntu packages named on the command line into build/unpacked/PACKAGE, without installing them
# and without root: other makers' daemons, which tests put beside ours, and of which some would not be installed
# together with these. What a package needs and this computer lacks is unpacked with it.
# A package that cannot be had is said and left out, and the tests that need it are skipped.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
unpacked=$PWD/build/unpacked
mkdir -p "$unpacked"
scratch=$(mktemp -d "$unpacked/.scratch-XXXXXX")
trap 'rm -rf "$scratch"' EXIT

# apt-get with a state and a cache of its own, so that anybody may renew them.
own_apt() {
    mkdir -p "$scratch/apt/lists/partial" "$scratch/apt/cache/archives/partial"
    apt-get -o Dir::State::lists="$scratch/apt/lists" -o Dir::State::status=/var/lib/dpkg/status \
        -o Dir::Cache="$scratch/apt/cache" -o APT::Sandbox::User=root "$@"
}

# download APT PACKAGE: the package and what it needs into the current folder. APT: what to call apt-get by.
download() {
    local needed
    needed=$("$1" --simulate --no-install-recommends install "$2" | awk '$1 == "Inst" && $2 !~ /-dev$/ { print $2 }') || return
    # shellcheck disable=SC2046,SC2086 # the names are separate words
    "$1" -o APT::Sandbox::User=root download $(printf '%s\n' "$2" $needed | sort -u)
}

# unpack PACKAGE FOLDER: download into FOLDER/archives, unpack into FOLDER/root.
unpack() {
    local archive
    cd "$2/archives" || return
    # Lists may be missing or older than the archive.
    download apt-get "$1" || { own_apt update && download own_apt "$1"; } || return
    for archive in ./*.deb; do
        dpkg-deb --extract "$archive" ../root || return
    done
}

for package; do
    [[ -e $unpacked/$package ]] && continue
    mkdir -p "$scratch/$package/root" "$scratch/$package/archives"
    if (unpack "$package" "$scratch/$package"); then
        mv "$scratch/$package/root" "$unpacked/$package"
    else
        echo "$package cannot be had here: the tests that need it will be skipped"
    fi
done
