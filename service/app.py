"""The HTTP service: OpenAI's chat completions, answered in a voice.

In: Settings and, for tests, an engine. Out: an ASGI application. Run it with `nic-voice serve`, or with
`uvicorn --factory service.app:create_app`.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Body, FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.middleware.cors import CORSMiddleware

from service import openapi
from service.chat import complete
from service.door import Door
from service.engines import Engine
from service.errors import NotFound, quotable
from service.heap import share_heap
from service.http import Addresses, JsonBody, add_handlers
from service.metrics import Watch
from service.protocol import ChatRequest, model_card
from service.settings import Settings, load_settings
from service.state import Service
from service.target import Names
from service.voices import scores

CHAT = "/v1/chat/completions"

router = APIRouter()


def create_app(settings: Settings | None = None, engine: Engine | None = None) -> FastAPI:
    """The application; UserError when settings, voices or base model are not good enough to start."""
    share_heap()
    service = Service(settings or load_settings(), engine)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        service.start()
        try:
            yield
        finally:
            await service.stop()

    app = FastAPI(title="nic-voice", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.service = service
    app.add_middleware(JsonBody, most_bytes=service.settings.max_body_bytes, only=CHAT)
    app.add_middleware(
        Door, settings=service.settings, keys=service.keys, limits=service.limits, metrics=service.metrics, guarded=CHAT
    )
    if origins := service.settings.origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=origins, allow_methods=["GET", "POST"],
            allow_headers=["*"], expose_headers=["X-Request-Id", "Retry-After"],  # clients add headers of their own
        )  # fmt: skip
    app.add_middleware(Watch, metrics=service.metrics, counted=CHAT)  # one added later is around the others
    app.add_middleware(Addresses)
    add_handlers(app)
    app.include_router(router)
    openapi.describe(app)
    return app


@router.post(CHAT, responses=openapi.CHAT, openapi_extra={"parameters": openapi.ELSEWHERE})
async def chat_completions(
    request: Request, body: Annotated[ChatRequest, Body(openapi_examples=openapi.REQUESTS)]
) -> Response:
    """Rewrite the last user message in a voice, or let the base model answer the conversation."""
    hop = "x-nic-voice-hop" in request.headers
    strength = 1.0 if body.strength is None else body.strength
    upstream = request.app.state.service.upstream
    header, query = request.headers.get("x-voice"), request.query_params.get("voice")
    names = Names(body.voice, body.model, header, query, body.register_, hop, upstream, strength)
    return await complete(request, body, names)


@router.get("/health")
async def health() -> dict[str, str]:
    """Whether the server is there at all."""
    return {"status": "ok"}


@router.get("/ready", responses=openapi.failing(503))
async def ready(request: Request) -> dict[str, str]:
    """Whether a request would be answered now."""
    service: Service = request.app.state.service
    service.require_started()
    await service.engine.check()
    return {"status": "ready"}


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Numbers for Prometheus."""
    service: Service = request.app.state.service
    return Response(generate_latest(service.metrics.registry), media_type=CONTENT_TYPE_LATEST)


@router.get("/v1/models", responses=openapi.failing(401))
async def models(request: Request) -> dict[str, Any]:
    """The voices that are served, and the base model."""
    service: Service = request.app.state.service
    names = [*service.voices.served, service.engine.model]
    return {"object": "list", "data": [_card(service, name) for name in names]}


@router.get("/v1/models/{name:path}", responses=openapi.failing(401, 404))
async def model(request: Request, name: str) -> dict[str, Any]:
    """One voice, by its name or an alias, or the base model."""
    return _card(request.app.state.service, name)


@router.get("/v1/voices/{name}", responses=openapi.failing(401, 404))
async def voice(request: Request, name: str) -> dict[str, Any]:
    """What a voice's manifest says, or why the voice is refused."""
    voices = (request.app.state.service).voices
    canonical = voices.canonical(name)
    refused = {"reason": voices.refused[canonical]} if canonical in voices.refused else {}
    if canonical is not None and canonical not in voices.served:
        return {"name": canonical, "status": "refused", **refused}
    found = voices.find(name)
    summary = found.manifest.model_dump(mode="json", exclude={"training": True, "system": True, "triplets": {"path"}})
    return {
        **summary,
        "scores": scores(found.adapter.folder),
        "status": "served",
        "version": found.adapter.version,
        "aliases": voices.aliases(found.name),
        "registers": found.manifest.registers,
        **({"newer_version": "refused", **refused} if refused else {}),
    }


def _card(service: Service, name: str) -> dict[str, Any]:
    base = service.engine.model
    if service.voices.canonical(name) is None:
        if name == base:
            return model_card(base, service.created, "base", base)
        known = ", ".join([*service.voices.names, base])
        message = f"There is no model{quotable(name)}. Known: {known}."
        raise NotFound(message, param="model", code="model_not_found")
    found = service.voices.find(name)
    created = int(found.manifest.created_at.timestamp())
    return model_card(found.name, created, "nic-voice", base, service.voices.aliases(found.name))
