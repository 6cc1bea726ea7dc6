"""The concurrent driver: branches that race, and the order that explains their answers."""
