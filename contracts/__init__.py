"""What must hold: one file per chapter of spec/rules.yaml, in its order."""
