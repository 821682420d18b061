"""Where text may be sent: the address of an OpenAI-compatible endpoint, and the rules for its host.

In: a URL, a key and a model's name. Out: an Endpoint, or an error that says what to add. A host on this machine, in a
private network or in the owner's tailnet is near; any other is far, and gets text only when `--allow-host` names it,
names are masked too, and the way is encrypted.
"""

import ipaddress
import os
import re
import socket
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from voice.errors import UserError

# Loopback, RFC 1918, link-local, ULA, and 100.64.0.0/10, which a tailnet uses. Not `is_private`: that holds more.
NEAR_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10",
        "::1/128", "fc00::/7", "fe80::/10",
    )
)  # fmt: skip
# Names that only a private network answers; each still has to resolve to near addresses (a tailnet can be made public).
NEAR_ENDINGS = (".ts.net", ".local", ".internal", ".localhost")

Resolve = Callable[[str], Collection[str]]


class EndpointError(UserError):
    """An endpoint that may not be asked, or did not answer; never holds the key or a text."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address that chat completions are posted to, the model that is asked for, and whether its host is near."""

    url: str
    model: str
    near: bool
    key: str = field(default="", repr=False)

    @property
    def host(self) -> str:
        """The host's name, as it is shown before anything is sent."""
        return urlsplit(self.url).hostname or ""


def resolve(host: str) -> Collection[str]:
    """All addresses of a name; none when nobody knows it."""
    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        return ()


def open_endpoint(
    url: str | None, model: str | None, *, names_masked: bool, allowed: Collection[str] = (),
    environment: Mapping[str, str] = os.environ, resolve: Resolve = resolve,
) -> Endpoint:  # fmt: skip
    """The endpoint at `url`, else FORGE_BASE_URL, with the key FORGE_API_KEY; EndpointError says what is missing."""
    url = url or environment.get("FORGE_BASE_URL")
    if not url:
        raise EndpointError("No endpoint is given. Set FORGE_BASE_URL, or add --neutral-url http://HOST:PORT/v1.")
    if not model:
        raise EndpointError("No model is given for the neutral side. Add --neutral-model NAME.")
    address = _address(url)
    host = urlsplit(address).hostname or ""
    near = is_near(host, resolve)
    if not near:
        _check_far(host, address, names_masked=names_masked, allowed=allowed)
    return Endpoint(url=address, model=model, near=near, key=environment.get("FORGE_API_KEY", ""))


def is_near(host: str, resolve: Resolve = resolve) -> bool:
    """Whether a host is this machine, in a private network, or in a tailnet."""
    name = host.rstrip(".").lower()
    address = _ip(name)
    if address is not None:
        return _is_near_address(address)
    if "." in name and not name.endswith(NEAR_ENDINGS):
        return False
    addresses = [_ip(found) for found in resolve(name)]
    return bool(addresses) and all(found is not None and _is_near_address(found) for found in addresses)


def _check_far(host: str, address: str, *, names_masked: bool, allowed: Collection[str]) -> None:
    missing = []
    if host.lower() not in {name.lower() for name in allowed}:
        missing.append(f"--allow-host {host}")
    if not names_masked:
        missing.append("--mask-names to the extraction")
    if missing:
        raise EndpointError(
            f"{host} is neither on this machine nor in a private network or tailnet, and masked texts would be "
            f"sent to it. If that is wanted, add: {' '.join(missing)}"
        )
    if not address.startswith("https:"):
        raise EndpointError(f"Text for {host} would travel unencrypted. Give its address with https://.")


def _address(url: str) -> str:
    """The URL that requests are posted to. The URL itself is not in the error: it may hold a password."""
    try:
        parts = urlsplit(url.strip())
        port, host = parts.port, parts.hostname
    except ValueError as error:
        raise EndpointError("The endpoint's URL cannot be read. Give one like http://HOST:PORT/v1.") from error
    if parts.scheme not in ("http", "https") or not host:
        raise EndpointError("The endpoint's URL is not one of http:// or https://. Give one like http://HOST:PORT/v1.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise EndpointError("The endpoint's URL holds a password, a query or a fragment. Put the key in FORGE_API_KEY.")
    path = parts.path.rstrip("/").removesuffix("/chat/completions")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}{f':{port}' if port else ''}{path or '/v1'}/chat/completions"


def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(re.sub("%.*", "", text))
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, ipaddress.IPv6Address) else address


def _is_near_address(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return any(address in network for network in NEAR_NETWORKS)
