"""vLLM in this process: one base model on the CPU or a GPU, a LoRA adapter chosen per request.

In: a Prompt and an Adapter. Out: a Completion. The only module that imports vllm, and not before the engine starts,
because the import alone takes ten seconds.
"""

import asyncio
import itertools
import logging
import multiprocessing
import os
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any

from service.engines import Adapter, Completion, FinishReason, Sampling
from service.engines.plugin import GROUPED_LORA, OURS
from service.engines.probe import PROBE, PROBED, changes_nothing, changes_nothing_message
from service.errors import EngineFailed, EngineUnavailable, PromptTooLong
from service.long import in_thread
from service.settings import Settings
from voice.adapter import scaled_folder
from voice.base_model import BaseModel
from voice.errors import UserError
from voice.prompt import Prompt, Tokenizer, encode, encode_conversation, end_id

log = logging.getLogger(__name__)

RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)  # what vLLM's max_lora_rank may be
FEW_CORES = 4
# Computes in the engine's own process. On a CPU vLLM takes one more, to bind threads to cores, and the engine's waits
# for it in a loop that takes a core; where all of a few cores are wanted there is nothing to bind.
ONE_PROCESS = "vllm.v1.executor.uniproc_executor.UniProcExecutor"
GROUPED_WITH = ("0.32.0",)  # versions of vLLM that service/engines/grouped_lora.py was tested with
STOP_TIMEOUT_S = 15.0  # then its processes are killed, and leave their shared memory to be cleared by Python


class VllmEngine:
    """An AsyncLLM and the adapters that it has seen."""

    def __init__(self, base: BaseModel, settings: Settings, largest_rank: int) -> None:
        self.model = base.name
        self._base = base
        self._settings = settings
        rank = max(settings.max_lora_rank, largest_rank)
        self._max_rank = next((known for known in RANKS if known >= rank), RANKS[-1])
        self._llm: Any = None
        self._tokenizer: Tokenizer | None = None
        self._end_id = 0
        self._loras: dict[tuple[str, str, str, str], Any] = {}
        self._request_ids = itertools.count(1)
        self._stopping = threading.Event()
        self._others: set[Any] | None = None  # this process's children before the engine's; None but while it starts

    async def start(self) -> None:
        """Load the model in a thread of its own, so that the server can answer meanwhile."""
        _set_environment()
        self._others = set(multiprocessing.active_children())
        self._llm = await _in_daemon_thread(self._build)
        self._others = None
        self._tokenizer = self._llm.get_tokenizer()
        try:
            self._end_id = end_id(self._tokenizer)
        except ValueError as error:
            raise EngineUnavailable(f"{self.model} cannot be served: {error}.") from error

    async def stop(self) -> None:
        """End the engine and its processes; a start that is under way fails."""
        self._stopping.set()
        llm, self._llm = self._llm, None
        self._tokenizer = None  # its 40 MiB are not to stay where something holds this engine
        if llm is not None:
            if llm.output_handler is not None:
                llm.output_handler.cancel()  # it would tell at length that the engine is gone
            await asyncio.to_thread(llm.shutdown, timeout=STOP_TIMEOUT_S)
            llm.shutdown = lambda: None  # __del__ calls it again at exit, when its modules are gone
        elif self._others is not None:
            for process in set(multiprocessing.active_children()) - self._others:
                process.kill()

    async def check(self) -> None:
        """Raise EngineUnavailable unless the engine's process is alive."""
        if self._llm is None or self._llm.errored:
            raise EngineUnavailable("The engine is not running.")

    async def load(self, adapter: Adapter) -> None:
        """Load an adapter by a call of its own: a request with one that vLLM cannot load would end the whole engine.

        One that fits no module is loaded without a word, and then the base model answers: so both are asked once.
        """
        ids = encode(self._require_tokenizer(), PROBE)
        lora = await self._lora(adapter)
        try:
            await self._llm.add_lora(lora)
        except Exception as error:  # vLLM raises it bare here
            if self._llm is None or self._llm.errored:
                raise EngineUnavailable("The engine died while it loaded an adapter.") from error
            raise EngineFailed(f"vLLM cannot load adapter '{adapter.name}': {error}") from error
        if lora is not None and changes_nothing(await self._first(ids, None), await self._first(ids, lora)):
            raise EngineFailed(changes_nothing_message(adapter.name, self.model))

    async def count(self, text: str) -> int:
        """Tokens of a text."""
        tokenizer = self._require_tokenizer()
        found = await in_thread(text, tokenizer, text, add_special_tokens=False, split_special_tokens=True)
        return len(found["input_ids"])

    async def generate(self, prompt: Prompt, adapter: Adapter, sampling: Sampling) -> Completion:
        """The adapter's answer to one prompt."""
        ids = encode(self._require_tokenizer(), prompt)
        parts = self._run(ids, sampling, await self._lora(adapter), "FINAL_ONLY")
        async with aclosing(parts):
            async for part in parts:
                return part
        raise EngineFailed("The engine gave no answer.")

    async def converse(self, messages: Sequence[tuple[str, str]], sampling: Sampling) -> AsyncGenerator[Completion]:
        """The bare model's answer, in parts as they come."""
        parts = self._run(encode_conversation(self._require_tokenizer(), messages), sampling, None, "DELTA")
        async with aclosing(parts):
            async for part in parts:
                yield part

    async def _first(self, ids: list[int], lora: Any) -> dict[int, float]:
        """Log probabilities of the likeliest first tokens of an answer."""
        from vllm import SamplingParams
        from vllm.inputs.engine import tokens_input
        from vllm.v1.engine.exceptions import EngineDeadError

        asked = SamplingParams(max_tokens=1, temperature=0, logprobs=PROBED, detokenize=False)
        found: dict[int, float] = {}
        try:
            async for output in self._llm.generate(
                tokens_input(ids), asked, f"r{next(self._request_ids)}", lora_request=lora
            ):
                found = {token: entry.logprob for token, entry in output.outputs[0].logprobs[0].items()}
        except EngineDeadError as error:
            raise EngineUnavailable("The engine died.") from error
        return found

    async def _run(self, ids: list[int], sampling: Sampling, lora: Any, kind: str) -> AsyncGenerator[Completion]:
        from vllm import SamplingParams
        from vllm.exceptions import VLLMError
        from vllm.inputs.engine import tokens_input
        from vllm.sampling_params import RequestOutputKind
        from vllm.v1.engine.exceptions import EngineDeadError

        room = self._settings.max_model_len - len(ids)
        if room < 1:
            raise PromptTooLong(
                f"The text takes {len(ids)} tokens with its frame; this server's context is "
                f"{self._settings.max_model_len}. Send a shorter one, or raise NIC_VOICE_MAX_MODEL_LEN.",
                param="messages",
            )
        parameters = SamplingParams(
            temperature=sampling.temperature, top_p=sampling.top_p, seed=sampling.seed, stop=list(sampling.stop),
            max_tokens=min(sampling.max_tokens, room), stop_token_ids=[self._end_id],
            output_kind=RequestOutputKind[kind],
        )  # fmt: skip
        prompt_tokens = len(ids)
        outputs = self._llm.generate(tokens_input(ids), parameters, f"r{next(self._request_ids)}", lora_request=lora)
        try:
            async with aclosing(outputs):
                async for output in outputs:
                    part = output.outputs[0]
                    reason: FinishReason | None = "length" if part.finish_reason == "length" else "stop"
                    yield Completion(part.text, prompt_tokens, len(part.token_ids), reason if output.finished else None)
                    prompt_tokens = 0
        except EngineDeadError as error:
            raise EngineUnavailable("The engine died.") from error
        except VLLMError as error:
            raise EngineFailed("The engine failed on this request.") from error

    async def _lora(self, adapter: Adapter) -> Any:
        """The adapter as vLLM knows it, always under the same number; None for the base model."""
        from vllm.lora.request import LoRARequest

        if not adapter.strength:
            return None
        key = (adapter.name, adapter.version, adapter.sha256, f"{adapter.strength:g}")
        folder = adapter.folder
        if adapter.strength != 1:
            try:  # each time: one that vLLM has to read again, and cannot, would end the engine
                folder = await asyncio.to_thread(scaled_folder, folder, adapter.strength, adapter.sha256)
            except UserError as error:
                raise EngineFailed(str(error)) from error
        if key not in self._loras:
            self._loras[key] = LoRARequest("@".join(key), len(self._loras) + 1, str(folder))
        return self._loras[key]

    def _require_tokenizer(self) -> Tokenizer:
        if self._tokenizer is None or self._llm is None:
            raise EngineUnavailable("The engine is not running.")
        return self._tokenizer

    def _build(self) -> Any:
        try:
            arguments = self._arguments()
            from vllm.v1.engine.async_llm import AsyncLLM

            if self._stopping.is_set():
                raise EngineUnavailable("The engine was stopped while it started.")
            return AsyncLLM.from_engine_args(arguments)
        except EngineUnavailable:
            raise
        except ImportError as error:
            raise EngineUnavailable(f"vLLM cannot be imported: {error}. `make setup` installs it.") from error
        except Exception as error:  # whatever vLLM's many libraries raise for a model that they cannot run
            raise EngineUnavailable(f"vLLM cannot serve {self.model}: {error}") from error

    def _arguments(self) -> Any:
        from vllm import AsyncEngineArgs, __version__
        from vllm.platforms import current_platform

        settings, on_cpu = self._settings, current_platform.is_cpu()
        grouped = settings.grouped_lora and on_cpu
        if grouped and __version__ not in GROUPED_WITH:
            log.warning("vLLM %s is none that adapters were grouped with (%s): its own, slower way is taken",
                        __version__, ", ".join(GROUPED_WITH))  # fmt: skip
            grouped = False
        os.environ[GROUPED_LORA] = "1" if grouped else ""  # read in each of its processes
        return AsyncEngineArgs(
            model=str(self._base.folder),
            served_model_name=self.model,
            dtype=settings.dtype if settings.dtype != "auto" else "float32" if on_cpu else "bfloat16",
            max_model_len=settings.max_model_len,
            enable_lora=True,
            max_loras=settings.max_loras,
            max_lora_rank=self._max_rank,
            enforce_eager=on_cpu,
            # A seeded prompt that is cut between two steps ends the engine on a CPU, whose generators know no offset.
            enable_chunked_prefill=False if on_cpu else None,
            disable_log_stats=True,
            distributed_executor_backend=ONE_PROCESS if on_cpu and _few_cores() else None,
            use_tqdm_on_load=False,
        )


def _set_environment() -> None:
    """What vLLM reads when it is imported; nothing that is set already is changed."""
    wanted = {
        OURS: "1",
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
        "VLLM_LOGGING_LEVEL": "ERROR",  # on a CPU it warns twenty times of what cannot be changed there
        "TORCH_CPP_LOG_LEVEL": "ERROR",  # it warns of the memory node that vLLM has it use
        "VLLM_CPU_KVCACHE_SPACE": "1",  # GiB; by default it takes nearly all memory
        "HF_HUB_OFFLINE": "1",  # the model lies in a folder by now
        # In the processes that it starts; the second when they had to be killed and Python cleared up after them.
        "PYTHONWARNINGS": "ignore::FutureWarning,ignore:resource_tracker:UserWarning",
        # A forked engine would hold the server's port open after the server has died.
        "VLLM_WORKER_MULTIPROC_METHOD": "spawn",
    }
    if cores := _few_cores():
        # vLLM leaves one core idle for its scheduler; of two cores that is half the machine.
        wanted["VLLM_CPU_OMP_THREADS_BIND"] = ",".join(map(str, cores))
    for name, value in wanted.items():
        os.environ.setdefault(name, value)


def _few_cores() -> list[int]:
    """The cores of this process, where they are few; else none."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return cores if len(cores) <= FEW_CORES else []


async def _in_daemon_thread(build: Callable[[], Any]) -> Any:
    """Run `build` in a thread that a stopping process does not wait for, unlike those of asyncio.to_thread.

    What it gives is handed over in a list, which is empty then: exceptions that vLLM keeps from its imports hold the
    frames of this thread for good, and would hold the engine with them.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[list[Any]] = loop.create_future()

    def report(result: list[Any], error: Exception | None) -> None:
        if done.cancelled():
            return
        if error is None:
            done.set_result(result)
        else:
            done.set_exception(error)

    def run() -> None:
        result: list[Any] = []
        failure = None
        try:
            result.append(build())
        except Exception as error:  # noqa: BLE001 - it is raised again where the result is awaited
            failure = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(report, result, failure)

    threading.Thread(target=run, name="engine-start", daemon=True).start()
    return (await done).pop()
