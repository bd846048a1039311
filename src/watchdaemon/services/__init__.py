"""Use cases over ports: read, let a rule decide, write. No thresholds, and no idea of who implements a port."""
