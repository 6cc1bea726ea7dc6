"""What the servers of the tests share: how one is served, started and stopped. Knows no API."""
