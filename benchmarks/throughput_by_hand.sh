#!/bin/sh
# The gre-key path of lab gre-performance with nothing but ip, sysctl and iperf3. Prints the server's JSON.
# Usage, as root in a lab machine: throughput_by_hand.sh SECONDS
set -eu
nodes="host1 host2 gw1 gw2 intranet1 intranet2 transport"
report=$(mktemp)
trap 'for node in $nodes; do ip netns delete "$node"; done; rm -f "$report"' EXIT

for node in $nodes; do
    ip netns add "$node"
    ip -n "$node" link set lo up
done
for bridge in intranet1 intranet2 transport; do
    ip -n "$bridge" link add br0 type bridge
    ip -n "$bridge" link set br0 up
done

# wire NODE INTERFACE BRIDGE ADDRESS
wire() {
    ip link add "$2" netns "$1" type veth peer name "to-$1" netns "$3"
    ip -n "$3" link set "to-$1" master br0
    ip -n "$3" link set "to-$1" up
    ip -n "$1" address add "$4" dev "$2"
    ip -n "$1" link set "$2" up
}
for site in 1 2; do
    other=$((3 - site))
    wire "host$site" lan0 "intranet$site" "10.$site.0.1/24"
    wire "gw$site" lan0 "intranet$site" "10.$site.0.254/24"
    wire "gw$site" wan0 transport "192.0.2.$site/24"
    ip -n "host$site" route add default via "10.$site.0.254"
    ip netns exec "gw$site" sysctl -qw net.ipv4.ip_forward=1
    ip -n "gw$site" link add gre1 type gre local "192.0.2.$site" remote "192.0.2.$other" key 1001 ttl 64
    ip -n "gw$site" address add "10.255.0.$site/24" dev gre1
    ip -n "gw$site" link set gre1 up
    ip -n "gw$site" route add "10.$other.0.0/24" via "10.255.0.$other"
done

ip netns exec host1 iperf3 -s -1 -J -i 0.1 >"$report" &
server=$!
until ip netns exec host1 ss -Htln sport = :5201 | grep -q .; do :; done
ip netns exec host2 iperf3 -c 10.1.0.1 -t "$1" -i 0.1 -J >/dev/null
wait "$server"
cat "$report"
