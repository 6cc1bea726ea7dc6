"""What the contracts share. Nothing here is a contract."""
