"""Training and measuring the models of triage, from labelled texts that lie outside the program.

``python -m watchdaemon.triage.training report DIR`` prints the table of figures, ``… train DIR`` writes the weights.
The only part of triage that reads and writes files; the program itself never calls it. What the texts are and where
they come from stands in `docs/triage.md`.
"""
