"""What the real vLLM expects next, in a process of its own: `python tests/training/vllm_next_tokens.py request.json`.

In: a JSON file with model, dtype, adapter, rank and prompts (token ids). Out, in the file that `answer` names: for each
prompt the probabilities of its twenty likeliest next tokens, as {token id: probability}.
"""

import json
import math
import sys
from pathlib import Path


def main(file: Path) -> None:
    """Answer the request in `file`."""
    from vllm import LLM, SamplingParams
    from vllm.lora.request import LoRARequest

    asked = json.loads(file.read_text())
    engine = LLM(
        model=asked["model"], dtype=asked["dtype"], enforce_eager=True, max_model_len=512, max_logprobs=20, seed=0,
        enable_lora=True, max_lora_rank=asked["rank"], max_num_seqs=16,
    )  # fmt: skip
    answers = engine.generate(
        [{"prompt_token_ids": ids} for ids in asked["prompts"]],
        SamplingParams(temperature=0, max_tokens=1, logprobs=20, detokenize=False),
        lora_request=LoRARequest("voice", 1, asked["adapter"]),
        use_tqdm=False,
    )
    found = [
        {token: math.exp(entry.logprob) for token, entry in answer.outputs[0].logprobs[0].items()} for answer in answers
    ]
    Path(asked["answer"]).write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
