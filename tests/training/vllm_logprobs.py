"""What the real vLLM expects next, in a process of its own: `python tests/training/vllm_logprobs.py request.json`.

In: a JSON file with model, adapter (or null), rank and prompts (token ids). Out, in the file that `answer` names: for
each prompt the log probabilities of its twenty likeliest next tokens, as {token id: log probability}.
"""

import json
import sys
from pathlib import Path


def main(file: Path) -> None:
    """Answer the request in `file`."""
    from vllm import LLM, SamplingParams
    from vllm.lora.request import LoRARequest

    asked = json.loads(file.read_text())
    engine = LLM(
        model=asked["model"], dtype="float32", enforce_eager=True, max_model_len=512, max_logprobs=20, seed=0,
        enable_lora=asked["adapter"] is not None, max_lora_rank=max(8, asked["rank"]), max_num_seqs=16,
    )  # fmt: skip
    lora = LoRARequest("voice", 1, asked["adapter"]) if asked["adapter"] else None
    said = engine.generate(
        [{"prompt_token_ids": ids} for ids in asked["prompts"]],
        SamplingParams(temperature=0, max_tokens=1, logprobs=20, detokenize=False),
        lora_request=lora,
        use_tqdm=False,
    )
    found = [{token: entry.logprob for token, entry in answer.outputs[0].logprobs[0].items()} for answer in said]
    Path(asked["answer"]).write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
