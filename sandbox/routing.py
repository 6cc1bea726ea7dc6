"""From the raw path of a request to an operation of the document and its path parameters.

The path is split before it is decoded: a card id is a free string and may hold an encoded slash.
Knows nothing of bodies or of who is asking.
"""

from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from sandbox.document import Document, Operation
from sandbox.refusals import Cause, Refusal

PREFIX = "v1"


@dataclass(frozen=True, slots=True)
class Route:
    """The operation that a request is for, with its path parameters as they were sent."""

    operation: Operation
    parameters: dict[str, str]


class Router:
    """All paths of the document, the more literal ones first."""

    def __init__(self, document: Document) -> None:
        paths: dict[tuple[str, ...], dict[str, Operation]] = {}
        for operation in document.operations:
            paths.setdefault((PREFIX, *operation.segments), {})[operation.method] = operation
        self._by_length: dict[int, list[tuple[tuple[str, ...], dict[str, Operation]]]] = {}
        for segments in sorted(paths, key=lambda path: [part.startswith("{") for part in path]):
            self._by_length.setdefault(len(segments), []).append((segments, paths[segments]))

    def find(self, method: str, raw_path: bytes) -> Route:
        sent = raw_path.lstrip(b"/").split(b"/")
        methods: list[str] = []
        for segments, operations in self._by_length.get(len(sent), ()):
            if not _fits(segments, sent):
                continue
            # `cards/batch` is a path of its own for POST and the id of a card for the others.
            if method in operations:
                return Route(operations[method], self.decode(segments, sent))
            methods.extend(operations)
        if methods:
            raise Refusal(Cause.NO_METHOD, allow=tuple(sorted(methods)))
        raise Refusal(Cause.NO_ROUTE)

    def decode(self, segments: tuple[str, ...], sent: list[bytes]) -> dict[str, str]:
        try:
            return {
                segment[1:-1]: unquote_to_bytes(part).decode()
                for segment, part in zip(segments, sent, strict=True)
                if segment.startswith("{")
            }
        except UnicodeDecodeError:
            raise Refusal(Cause.MALFORMED_ID) from None


def _fits(segments: tuple[str, ...], sent: list[bytes]) -> bool:
    return all(
        segment.startswith("{") or segment.encode() == part
        for segment, part in zip(segments, sent, strict=True)
    )
