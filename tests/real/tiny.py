"""Tiny models with random weights of each architecture that a preset names, with a tokenizer of their own."""

from pathlib import Path
from typing import Any

from voice.base_model import SMOLLM2, BaseModel, fingerprint, resolve

SEVEN = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
LINEAR = ["in_proj_qkv", "in_proj_z", "in_proj_a", "in_proj_b", "out_proj"]
VOCABULARY = 640  # a little more than the tokenizer has, as Qwen's models do
SIZES: dict[str, dict[str, Any]] = {
    "llama": {"hidden_size": 96, "num_attention_heads": 6, "num_key_value_heads": 2, "tie_word_embeddings": True},
    # the 3B: tied embeddings; the 7B: untied
    "qwen2": {"hidden_size": 128, "num_attention_heads": 4, "num_key_value_heads": 2, "tie_word_embeddings": True},
    "qwen2_untied": {"hidden_size": 128, "num_attention_heads": 4, "num_key_value_heads": 2,
                     "tie_word_embeddings": False},
    # twice as many value heads as key heads, as the 9B has
    "qwen3_5_text": {
        "hidden_size": 128, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 64,
        "linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_key_head_dim": 128,
        "linear_value_head_dim": 128,  # vLLM on a CPU computes no others
        "tie_word_embeddings": False, "mtp_num_hidden_layers": 1,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10_000_000.0, "partial_rotary_factor": 0.25,
                            "mrope_section": [3, 3, 2], "mrope_interleaved": True},
    },
}  # fmt: skip
_AFTER = r"[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_BEFORE = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?"
_CUTS = {
    "llama": None,
    "qwen2": _BEFORE + r"\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+" + _AFTER,
    "qwen3_5_text": _BEFORE + r"[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+" + _AFTER,
}
TEXTS = [
    "Hello, I would like to confirm that I shall attend the meeting at 7:30 PM on Tuesday.",
    "Thank you very much for your message. I am afraid that I cannot come.",
    "yo cant make it — sry!! 😅 maybe thursday?",
    "Could you please send me the documents by 12 March 2025? It costs 3.50.",
]


def tiny_model(kind: str, folder: Path, seed: int = 0) -> BaseModel:
    """A model of that kind in `folder`; its weights are large enough that different inputs give different answers."""
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    name = kind.removesuffix("_untied")
    torch.manual_seed(seed)
    config = CONFIG_MAPPING[name](
        vocab_size=VOCABULARY, intermediate_size=192, num_hidden_layers=4, max_position_embeddings=512,
        initializer_range=0.08, bos_token_id=None, eos_token_id=2, pad_token_id=0, **SIZES[kind],
    )  # fmt: skip
    AutoModelForCausalLM.from_config(config, dtype=torch.float32).save_pretrained(folder)
    tiny_tokenizer(name, folder)
    return BaseModel(str(folder), folder, fingerprint(folder))


def tiny_smollm2(folder: Path) -> BaseModel:
    """A Llama of two layers with random weights in `folder` that reads text as the small base model does."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=49152, hidden_size=128, intermediate_size=192, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=2048, initializer_range=0.08, tie_word_embeddings=True,
        bos_token_id=1, eos_token_id=2, pad_token_id=2,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    AutoTokenizer.from_pretrained(resolve(SMOLLM2).folder).save_pretrained(folder)
    return BaseModel(str(folder), folder, fingerprint(folder))


def tiny_tokenizer(kind: str, folder: Path) -> None:
    """A BPE tokenizer that cuts texts as that architecture's does."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=_CUTS[kind] is None)
    cut = _CUTS[kind]
    split = [pre_tokenizers.Split(Regex(cut), "isolated")] if cut else []
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*split, byte_level]) if split else byte_level
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - 40, special_tokens=[AddedToken(token, special=True) for token in special],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False,
    )  # fmt: skip
    tokenizer.train_from_iterator(TEXTS * 3, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    fast.chat_template = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    fast.save_pretrained(folder)


def targets(kind: str) -> list[str]:
    """The matrices that the presets adapt in that architecture."""
    return SEVEN + (LINEAR if kind == "qwen3_5_text" else [])


def random_adapter(base: Path, folder: Path, names: list[str], rank: int = 4, size: float = 0.05) -> None:
    """A PEFT adapter whose both halves are random, so that it changes what the model says."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(7)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    adapted = get_peft_model(model, LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=names))
    for name, weight in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=size)
    adapted.save_pretrained(folder)


def prompts(tokenizer: Any, count: int = 50) -> list[list[int]]:
    """Token ids of `count` different requests, as the service would send them."""
    from voice.prompt import Prompt, encode

    texts = [f"{TEXTS[i % len(TEXTS)]} Number {i}." for i in range(count)]
    return [encode(tokenizer, Prompt("Rewrite as I type it: chat.", text)) for text in texts]
