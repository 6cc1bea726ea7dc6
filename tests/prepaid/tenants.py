"""The two tenants and their API keys.

Knows who a key belongs to and whether it may write, not what is done with it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key of a tenant; one that does not write may read everything of its tenant."""

    value: str
    tenant: str
    writes: bool = True


FIRST = ApiKey("pk_north_9c41d7e0a2", "north")
FIRST_READER = ApiKey("pk_north_reader_58f3b6", "north", writes=False)
SECOND = ApiKey("pk_south_17be20f94d", "south")
SECOND_READER = ApiKey("pk_south_reader_e6a01c", "south", writes=False)
API_KEYS = (FIRST, FIRST_READER, SECOND, SECOND_READER)
