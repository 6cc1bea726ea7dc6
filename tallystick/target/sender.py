"""One exchange: a request is sent once, and its answer is read within bounds.

What comes back is always a value, `Answer` or `NoAnswer`; nothing is tried again here.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import httpx

from tallystick import __version__
from tallystick.target.answers import NOT_JSON, Answer, NoAnswer
from tallystick.target.bodies import LARGEST, Depths, Excess, parsed, shown, unpacked
from tallystick.target.network import Network
from tallystick.target.remedies import remedy_of
from tallystick.target.transport import OverLimit

USER_AGENT = f"tallystick/{__version__}"
LONGEST_HEADER = 200
"""Signs that are kept of a header; none that is read here needs more."""

PROXY_REFUSES = 407
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


PASSES = "tallystick.passes"
"""The extension of a request that only comes before or after the one with the effect: drivers that
break or delay deliveries mean the latter."""


class Content(bytes):
    """The body of an answer, which no traceback shows: there may be a token in it."""

    def __repr__(self) -> str:
        return f"<{len(self)} bytes>"


class OnPurpose(httpx.TransportError):
    """A driver broke the delivery of this request: it says nothing about the network."""


class Sender:
    """Sends requests through one transport and reads what comes back."""

    def __init__(
        self, transport: httpx.BaseTransport, network: Network, depths: Depths | None = None
    ) -> None:
        self.transport = transport
        self._network = network
        self._depths = depths or Depths()
        self._extensions = {"timeout": httpx.Timeout(network.timeout_s).as_dict()}
        self._headers = {"User-Agent": USER_AGENT, **dict(network.headers)}

    def ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None,
        *,
        passes: bool = False,
    ) -> Answer | NoAnswer:
        """Send once, straight through the transport: a client's redirects, cookies and hooks are
        not wanted here, and cost as much as the server does.
        """
        if content:
            self._depths.note(content)
        status = 0
        try:
            asked = self._request(method, url, headers, content, passes=passes)
            response = self.transport.handle_request(asked)
            status = response.status_code
            if status == PROXY_REFUSES and self._network.proxy:
                raise httpx.ProxyError(f"{status} {response.reason_phrase}")
            try:
                return self._answer(response, _content_of(response))
            finally:
                response.close()
        except (OverLimit, Excess) as error:
            return NoAnswer(f"an answer without bounds: {error}", status, excess=str(error))
        except OnPurpose as error:
            return NoAnswer(str(error), on_purpose=True)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            remedy = remedy_of(error, url, self._network)
            return NoAnswer(
                f"{type(error).__name__}: {error}",
                status,
                was_sent=not isinstance(error, NEVER_SENT),
                remedy=remedy.text,
                is_final=remedy.is_final,
            )

    def _request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None,
        *,
        passes: bool,
    ) -> httpx.Request:
        extensions = {**self._extensions, PASSES: True} if passes else self._extensions
        named = tuple({**self._headers, **headers}.items())
        parsed_url = _url_of(url)
        length = None if content is None else len(content)
        request = httpx.Request(
            method,
            parsed_url,
            headers=_headers_of(method, parsed_url.scheme, parsed_url.netloc, named, length),
            stream=httpx.ByteStream(content or b""),
            extensions=extensions,
        )
        request.read()  # so that a transport may look at its content
        return request

    def _answer(self, response: httpx.Response, content: bytes) -> Answer | NoAnswer:
        headers = dict(response.headers.items())
        encoding = headers.get("content-encoding", "")
        if encoding:
            try:
                content = Content(unpacked(content, encoding))
            except Excess:
                raise
            except ValueError as error:
                return NoAnswer(f"DecodingError: {error}", response.status_code)
        try:
            body = parsed(content, self._depths) if content else NOT_JSON
        except Excess:
            raise
        except ValueError:
            body = NOT_JSON
        return Answer(
            response.status_code,
            headers.get("content-type", "")[:LONGEST_HEADER],
            body,
            headers.get("date", "")[:LONGEST_HEADER],
            headers.get("retry-after", "")[:LONGEST_HEADER],
            headers.get("allow", "")[:LONGEST_HEADER],
            {name: value[:LONGEST_HEADER] for name, value in headers.items()},
        )


@lru_cache(maxsize=512)
def _url_of(text: str) -> httpx.URL:
    """A URL, which takes long to parse, and is mostly asked for several times."""
    return httpx.URL(text)


@lru_cache(maxsize=512)
def _headers_of(
    method: str, scheme: str, host: bytes, named: tuple[tuple[str, str], ...], length: int | None
) -> httpx.Headers:
    """All headers of a request with so long a body; few differ in more than that."""
    content = None if length is None else bytes(length)
    url = f"{scheme}://{host.decode('ascii')}/"
    return httpx.Request(method, url, headers=dict(named), content=content).headers


def _content_of(response: httpx.Response) -> bytes:
    """The body as it came, up to the bound."""
    pieces: list[Content] = []
    size = 0
    assert isinstance(response.stream, httpx.SyncByteStream)
    for piece in response.stream:
        pieces.append(Content(piece))
        size += len(piece)
        if size > LARGEST:
            raise OverLimit(f"more than {LARGEST:,} bytes, such as {shown(piece)}")
    return pieces[0] if len(pieces) == 1 else Content(b"".join(pieces))
