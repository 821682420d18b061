"""What an adapter costs a single request on a CPU, operation by operation.

    python -m bench.lora_cost [--quick] [--json FILE]

vLLM in this very process, one request at a time, 64 tokens out: without an adapter, with one applied by grouped rows,
and with one applied by vLLM's own operators. Time per token from plain runs; per operation from a run under torch's
profiler, which slows everything down, as the difference to the run without an adapter.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench import voices
from bench.report import show
from service.engines.plugin import GROUPED_LORA, OURS
from voice.base_model import resolve
from voice.manifest import VoiceManifest
from voice.prompt import Prompt, encode, system_text

TOKENS = 64
RUNS = {False: 7, True: 3}  # by --quick
OPERATIONS_SHOWN = 8
IN_PROCESS = {
    OURS: "1", "PYTHONWARNINGS": "ignore::FutureWarning", "KINETO_LOG_LEVEL": "5",
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1",
    "VLLM_LOGGING_LEVEL": "ERROR", "VLLM_CPU_KVCACHE_SPACE": "1", "HF_HUB_OFFLINE": "1", "TORCH_CPP_LOG_LEVEL": "ERROR",
}  # fmt: skip


def main() -> None:
    """Measure both ways, each in a process of its own, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--one", nargs=2, metavar=("GROUPED", "VOICE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        _measure(arguments.one[0], Path(arguments.one[1]), arguments.quick, arguments.json)
        return
    with tempfile.TemporaryDirectory() as folder:
        voice = voices.train(Path(folder), "bench")
        for grouped in ("", "1"):
            command = [sys.executable, "-m", "bench.lora_cost", "--one", grouped, str(voice)]
            command += ["--quick"] * arguments.quick
            if arguments.json:
                command += ["--json", str(arguments.json.with_suffix(f".{'grouped' if grouped else 'stock'}.json"))]
            subprocess.run(command, check=True, env=os.environ | IN_PROCESS | {GROUPED_LORA: grouped})


def _measure(grouped: str, voice: Path, quick: bool, json_path: Path | None) -> None:
    from torch.profiler import ProfilerActivity, profile
    from vllm import LLM, SamplingParams
    from vllm.lora.request import LoRARequest

    manifest = VoiceManifest.load(voice)
    base = resolve(manifest.base_model.name)
    llm = LLM(
        model=str(base.folder), dtype="float32", enable_lora=True, max_loras=4, max_lora_rank=manifest.adapter.rank,
        enforce_eager=True, max_model_len=512,
    )  # fmt: skip
    ids = encode(llm.get_tokenizer(), Prompt(system_text("chat", "sentence"), voices.sentence(0)))
    parameters = SamplingParams(temperature=0, max_tokens=TOKENS, ignore_eos=True)
    lora = LoRARequest("bench", 1, str(voice.resolve()))

    def run(request: Any) -> float:
        started = time.perf_counter()
        llm.generate([{"prompt_token_ids": ids}], parameters, lora_request=request, use_tqdm=False)
        return 1000 * (time.perf_counter() - started) / TOKENS

    def operations(request: Any) -> dict[str, float]:
        with profile(activities=[ProfilerActivity.CPU]) as found:
            run(request)
        return {entry.key: entry.self_cpu_time_total / 1000 / TOKENS for entry in found.key_averages()}

    run(None), run(lora)  # warm-up
    pairs = [(run(None), run(lora)) for _ in range(RUNS[quick])]
    without, with_adapter = (statistics.median(times) for times in zip(*pairs, strict=True))
    before, after = operations(None), operations(lora)
    more = sorted(((after[name] - before.get(name, 0.0), name) for name in after), reverse=True)
    rows = [{"operation": name, "more ms a token": cost} for cost, name in more[:OPERATIONS_SHOWN]]
    way = "grouped rows" if grouped else "vLLM's own operators"
    show(f"One request, {way}", rows, json_path, ms_a_token_without=round(without, 2),
         ms_a_token_with=round(with_adapter, 2), cost=f"{100 * (with_adapter / without - 1):.1f} %")  # fmt: skip


if __name__ == "__main__":
    main()
