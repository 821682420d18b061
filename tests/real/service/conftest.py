"""The fixtures of the unit tests of the service, for those that ask it with other people's clients."""

from tests.unit.service.conftest import (  # noqa: F401
    _no_settings,
    base,
    beside,
    engine,
    make_voice,
    root,
    serve,
    settings,
    url,
)
