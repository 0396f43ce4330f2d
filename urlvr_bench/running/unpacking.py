"""Unpack a GGUF file into a folder that `from_pretrained` reads: `python -m urlvr_bench.running.unpacking FILE OUT`."""

import sys
from pathlib import Path


def unpack(file: Path, out: Path) -> None:
    """Write the model in bfloat16 safetensors, with its tokenizer and chat template, to `out`; needs gguf."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    source = {"pretrained_model_name_or_path": str(file.parent), "gguf_file": file.name}
    tokenizer = AutoTokenizer.from_pretrained(**source)
    loaded = AutoModelForCausalLM.from_pretrained(**source)
    loaded.config.quantization_config = None
    del loaded.config.quantization_config
    plain = type(loaded)(loaded.config)
    plain.load_state_dict(loaded.state_dict())
    plain.to(torch.bfloat16).save_pretrained(out)
    tokenizer.save_pretrained(out)


if __name__ == "__main__":
    unpack(Path(sys.argv[1]), Path(sys.argv[2]))
