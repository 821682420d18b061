"""The TLS context that all HTTP clients of a process share: to read the world's certificates takes 30 ms each time.

In: nothing, or the environment's SSL_CERT_FILE and SSL_CERT_DIR. Out: what httpx's clients take as `verify`.
"""

import ssl
from functools import cache

import httpx


@cache
def tls_context() -> ssl.SSLContext:
    """httpx's own default, made once."""
    return httpx.create_ssl_context()
