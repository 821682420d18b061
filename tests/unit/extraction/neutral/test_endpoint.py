"""Where text may be sent."""

import pytest

from extraction.neutral.endpoint import EndpointError, is_near, open_endpoint

ADDRESSES = {
    "localhost": ["127.0.0.1", "::1"],
    "gpu": ["192.168.1.7"],
    "box.local": ["fe80::1%eth0"],
    "llm.internal": ["10.1.2.3"],
    "gpu.tail1234.ts.net": ["100.101.102.103", "fd7a:115c:a1e0::1"],
    "public.tail1234.ts.net": ["100.101.102.103", "203.0.113.9"],
    "evil": ["203.0.113.9"],
    "evil.internal": ["8.8.8.8"],
    "api.example.com": ["203.0.113.9"],
    "inside.example.com": ["10.0.0.1"],
}


def known(host: str) -> list[str]:
    return ADDRESSES.get(host, [])


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("LOCALHOST", True),
        ("10.0.0.1", True), ("172.16.0.1", True), ("172.31.255.255", True), ("192.168.0.1", True),
        ("169.254.1.1", True), ("fd00::1", True), ("fe80::1", True), ("100.64.0.1", True), ("100.127.255.255", True),
        ("::ffff:10.0.0.1", True), ("gpu", True), ("gpu.", True), ("box.local", True), ("llm.internal", True),
        ("gpu.tail1234.ts.net", True),
        ("172.32.0.1", False), ("100.128.0.1", False), ("8.8.8.8", False), ("0.0.0.0", False), ("192.0.2.1", False),
        ("2001:db8::1", False), ("::ffff:8.8.8.8", False), ("public.tail1234.ts.net", False), ("evil", False),
        ("evil.internal", False), ("nobody", False), ("nobody.ts.net", False), ("api.example.com", False),
        ("inside.example.com", False), ("localhost.example.com", False), ("10.0.0.1.example.com", False), ("", False),
    ],
)  # fmt: skip
def test_near_hosts(host: str, expected: bool) -> None:
    assert is_near(host, known) is expected


@pytest.mark.parametrize(
    ("url", "names_masked", "allowed", "expected"),
    [
        ("https://api.example.com/v1", False, [], "add: --allow-host api.example.com --mask-names to the extraction"),
        ("https://api.example.com/v1", True, [], "add: --allow-host api.example.com"),
        ("https://api.example.com/v1", False, ["api.example.com"], "add: --mask-names to"),
        ("https://api.example.com/v1", True, ["example.com"], "add: --allow-host api.example.com"),
        ("http://api.example.com/v1", True, ["api.example.com"], "https://"),
        ("https://u:pw@api.example.com/v1", True, ["api.example.com"], "FORGE_API_KEY"),
        ("https://api.example.com/v1?key=pw", True, ["api.example.com"], "FORGE_API_KEY"),
        ("ftp://gpu/v1", True, [], "http://"),
        ("gpu:8000", True, [], "http://"),
        ("http://[::1/v1", True, [], "cannot be read"),
        ("", True, [], "--neutral-url"),
    ],
)
def test_refused_endpoints_say_what_to_add(url: str, names_masked: bool, allowed: list[str], expected: str) -> None:
    with pytest.raises(EndpointError) as caught:
        open_endpoint(url, "big", names_masked=names_masked, allowed=allowed, environment={}, resolve=known)
    assert expected in str(caught.value) and "pw" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://gpu:8000", "http://gpu:8000/v1/chat/completions"),
        ("http://gpu:8000/v1/", "http://gpu:8000/v1/chat/completions"),
        ("http://gpu/openai/v1", "http://gpu/openai/v1/chat/completions"),
        ("http://gpu/v1/chat/completions", "http://gpu/v1/chat/completions"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1/chat/completions"),
        ("https://api.example.com/v1", "https://api.example.com/v1/chat/completions"),
    ],
)
def test_addresses(url: str, expected: str) -> None:
    endpoint = open_endpoint(
        None, "big", names_masked=True, allowed=["API.example.com"], resolve=known,
        environment={"FORGE_BASE_URL": url, "FORGE_API_KEY": "k"},
    )  # fmt: skip
    assert (endpoint.url, endpoint.key, endpoint.near) == (expected, "k", "example" not in url)


def test_a_model_must_be_named() -> None:
    with pytest.raises(EndpointError, match="--neutral-model"):
        open_endpoint("http://127.0.0.1:1", None, names_masked=True, environment={})
