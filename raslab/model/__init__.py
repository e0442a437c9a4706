"""Pure data: addresses, nodes, links, tunnels. No I/O."""
