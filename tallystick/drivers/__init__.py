"""The drivers: they run programs against a target and hand what they observe to the oracle."""
