"""What a request carried in place of what every request of a run carries. A value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tallystick.target.address import Client

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Unusual:
    """What was not as usual in a request. Its repr shows no credentials."""

    client: str = ""
    """The name of the client, if it was not that of the run."""
    authorized: bool = True
    """Whether the client's own credentials were sent."""
    headers: Headers = field(default=(), repr=False)
    """Further headers, perhaps with other credentials."""
    usual: Headers = field(default=(), repr=False)
    """The client's own credentials, so that it can be told what was made of them."""
    content: bytes | None = field(default=None, repr=False)
    """What was sent in place of the body of the request."""
    is_computed: bool = False
    """Whether credentials are not in headers alone, or are computed for each request. Those that
    are not in headers are among `headers` and `usual`, by places as `Proof.listed` names them."""

    @classmethod
    def of(
        cls,
        client: Client,
        usual: Mapping[str, str],
        authorized: bool,
        headers: Mapping[str, str] | None,
        content: bytes | None,
        is_computed: bool = False,
    ) -> Unusual | None:
        """What of a request was not as usual; None: nothing."""
        if authorized and not headers and content is None and not client.name:
            return None
        further = tuple((headers or {}).items())
        return cls(client.name, authorized, further, tuple(usual.items()), content, is_computed)
