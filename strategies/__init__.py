"""How inputs are made: Hypothesis strategies over the ledger's vocabulary. Knows no HTTP."""
