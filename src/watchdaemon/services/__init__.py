"""Use cases over ports: read, let a rule decide, write. No thresholds here, and no knowledge of who implements a port."""
