"""Lab machines: where a lab runs. Kernel build, doctor, launching commands inside."""
