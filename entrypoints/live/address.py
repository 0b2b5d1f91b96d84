"""Where a client finds the gateway."""

from unicodedata import category
from urllib.parse import urlsplit

from websockets.exceptions import InvalidURI
from websockets.uri import parse_uri

from entrypoints.live.told import Refused

PATH = "/api/v1/live"
SCHEMES = {"http": "ws", "https": "wss"}
BLANKS = {"Cc", "Zs"}  # and control characters, as Unicode calls them


def socket_url(url: str) -> str:
    """Raises Refused for what is no address, which would fail at every attempt."""
    try:
        return _checked(url)
    except (ValueError, InvalidURI) as wrong:
        raise Refused(400, "malformed", str(wrong)) from None


def _checked(url: str) -> str:
    """Raises ValueError, InvalidURI."""
    if any(category(each) in BLANKS for each in url):  # some of which others would leave out
        raise ValueError("a blank or a control character in an address")
    parts = urlsplit(url)
    scheme = SCHEMES.get(parts.scheme, parts.scheme)
    path = parts.path if parts.path.strip("/") else PATH
    found = parts._replace(scheme=scheme, path=path).geturl()
    parse_uri(found).host.encode("idna")  # as it is looked up
    return found
