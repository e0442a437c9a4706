"""From the answers of daemons and kernel to the records that a gateway gives."""
