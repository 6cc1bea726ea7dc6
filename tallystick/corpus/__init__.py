"""Programs that have shown a violation, kept and replayed by every later run, on any machine."""
