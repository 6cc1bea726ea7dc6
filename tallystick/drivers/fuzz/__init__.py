"""The fuzz driver: requests of any form, with ids that exist, judged by the oracle."""
