"""Code 128 as a PNG in a data URI, for the codes that are handed to a customer.

Code set B only, which spells printable ASCII; other characters have no barcode. Knows nothing of
what a code is for.
"""

import base64
import struct
import zlib

# Widths of bars and spaces, in modules, of the symbols 0 to 106 (ISO/IEC 15417).
_WIDTHS = " ".join(
    (
        "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212",
        "112232 122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131",
        "311222 321122 321221 312212 322112 322211 212123 212321 232121 111323 131123 131321",
        "112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121",
        "313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111",
        "314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114",
        "122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 121241 114212",
        "124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113",
        "114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112",
    )
).split()
_START_B = 104
_STOP = 106
_QUIET_MODULES = 10
_HEIGHT = 24


def data_uri(text: str) -> str:
    """The barcode of a text, or nothing where Code 128 has no symbol for one of its characters."""
    if not text or not all(" " <= character <= "~" for character in text):
        return ""
    return "data:image/png;base64," + base64.b64encode(_png(_modules(text))).decode()


def _modules(text: str) -> bytes:
    values = [ord(character) - ord(" ") for character in text]
    checksum = (_START_B + sum(i * value for i, value in enumerate(values, 1))) % 103
    bars = "".join(_WIDTHS[value] for value in (_START_B, *values, checksum, _STOP))
    drawn = b"".join((b"\xff" if i % 2 else b"\x00") * int(width) for i, width in enumerate(bars))
    quiet = b"\xff" * _QUIET_MODULES
    return quiet + drawn + quiet


def _png(row: bytes) -> bytes:
    """A greyscale image of one row, repeated."""
    header = struct.pack(">IIBBBBB", len(row), _HEIGHT, 8, 0, 0, 0, 0)
    pixels = zlib.compress((b"\x00" + row) * _HEIGHT, 1)
    chunks = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
