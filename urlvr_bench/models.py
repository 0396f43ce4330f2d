"""Models by name: a pocket prior, a small released model, a folder of a model or an adapter, or a hub id."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from urlvr_bench import adapters, released
from urlvr_bench.errors import UsageError, unknown

NO_CODE = {"use_safetensors": True, "trust_remote_code": False}
"""How every model is loaded: neither pickled weights nor a repo's own Python can run code here, nor be asked to."""

PRIORS = Path(__file__).with_name("pocket") / "priors"


@dataclass(frozen=True)
class Prior:
    """A pocket prior and what was measured of it when it was chosen."""

    name: str
    task: str
    pretraining_steps: int
    accuracy: float
    """Share of right answers at temperature 1 on validation problems of its task."""
    weights: str | None = None
    """`weights_hash` of the prior as it was made; None of those that are older than this field."""


def priors(folder: Path = PRIORS) -> list[Prior]:
    """Return the pocket priors of a folder, weakest first."""
    index = folder / "priors.json"
    return [Prior(**entry) for entry in json.loads(index.read_text())] if index.is_file() else []


def is_prior(name: str) -> bool:
    """Return whether a name is that of a pocket prior."""
    return "/" not in name and (PRIORS / name / "config.json").is_file()


def pretraining_of(name: str) -> str:
    """Return which pre-training a model comes from: `kind-a` of the prior `kind-a-2`, any other model its own."""
    return name.rpartition("-")[0] if is_prior(name) else name


def resolve(name: str) -> str:
    """Return what `from_pretrained` takes: the folder of a pocket prior or of a local model, or a hub id."""
    if is_prior(name):
        return str(PRIORS / name)
    folder = Path(name).expanduser()
    if folder.is_dir() and adapters.is_adapter(folder):
        base(str(folder))
        return str(folder.resolve())
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise UsageError(f"model folder {name} has no config.json: give the folder that save_pretrained wrote")
        if not any(folder.glob("*.safetensors")):
            raise UsageError(
                f"model folder {name} has no .safetensors weights; pickled ones are not loaded: convert them"
            )
        return str(folder.resolve())
    if folder.is_file():
        raise UsageError(f"model {name} is a file: give the folder that save_pretrained wrote")
    if name.startswith((".", "/", "~")):
        raise UsageError(f"model folder {name} does not exist")
    if released.find(name):
        if not released.is_here(name):
            raise UsageError(f"model {name} is not on this machine yet: urlvr-bench models get {name}")
        return str(released.folder(name))
    if "/" not in name:
        raise unknown("model", name, names())
    return name


def names() -> list[str]:
    """Return the names of models that need no hub: the pocket priors, and small released models."""
    return [*(prior.name for prior in priors()), *(model.name for model in released.MODELS)]


def base(path: str) -> str | None:
    """Return what `from_pretrained` takes of the model that an adapter's folder names; None for any other model.

    A prior is found by its name wherever the adapter was trained.
    """
    folder = Path(path)
    if not adapters.is_adapter(folder):
        return None
    named = adapters.base_of(folder)
    place = Path(named).expanduser()
    if not place.is_dir() and is_prior(place.name):
        named = place.name
    try:
        if place.resolve() == folder.resolve():
            raise UsageError("it names itself")
        return resolve(named)
    except UsageError as error:
        mend = f"put it there, or name another in {adapters.CONFIG} as {adapters.FIELD}"
        raise UsageError(f"the base of the adapter {path} cannot be found: {error}; {mend}") from error


def with_tokenizer(path: str) -> str:
    """Return where the tokenizer of a model lies: with its base where an adapter came without one."""
    under = base(path)
    return path if under is None or (Path(path) / "tokenizer_config.json").is_file() else with_tokenizer(under)


def with_config(path: str) -> str:
    """Return where the configuration of a model lies: with its base, of an adapter."""
    under = base(path)
    return path if under is None else with_config(under)


def name_for_others(name: str) -> str:
    """Return how an adapter that is trained on a model names it: a prior and a hub id as they are, a folder whole."""
    return resolve(name) if Path(name).expanduser().is_dir() and not is_prior(name) else name


def display_name(name: str) -> str:
    """Return the name under which results of a model are kept: never a path of this machine."""
    folder = Path(name).expanduser()
    return folder.resolve().name if not is_prior(name) and folder.is_dir() else name


def weights_hash(name: str) -> str:
    """Return the first 16 hex digits of a SHA-256 over the safetensors files of a folder or a cached hub model.

    An adapter's covers those of its base.
    """
    folder, under = Path(name), base(name)
    if not folder.is_dir():
        from huggingface_hub import snapshot_download  # takes half a second to import

        folder = Path(snapshot_download(name, local_files_only=True, allow_patterns=["*.safetensors"]))
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise UsageError(f"model {folder.name} has no .safetensors weights")
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    if under is not None:
        digest.update(weights_hash(under).encode())
    return digest.hexdigest()[:16]


def require(path: str) -> None:
    """Refuse a hub model that cannot be had, before an engine is loaded for it."""
    if Path(path).is_dir():
        return
    from huggingface_hub import errors, hf_hub_download

    try:
        hf_hub_download(path, "config.json")
    except errors.RemoteEntryNotFoundError as error:
        mend = f"if it is an adapter, get it by `hf download {path} --local-dir FOLDER` and give the folder"
        raise UsageError(f"cannot load model {path}: it has no config.json on the hub; {mend}") from error
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error


def unreadable(path: str, error: Exception) -> UsageError:
    """Return the one line for a model that transformers could not load: what is wrong and what to do."""
    from huggingface_hub import errors

    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None and cause not in causes:
        causes.append(cause)
    if any(isinstance(cause, errors.GatedRepoError) for cause in causes):
        reason = "it is gated: accept its terms on its page on the hub, then sign in with `hf auth login`"
    elif any(isinstance(cause, errors.RepositoryNotFoundError) for cause in causes):
        reason = "the hub knows no public model of this name: check the name, or sign in with `hf auth login`"
    elif not Path(path).is_dir() and ("connect" in str(error) or isinstance(error, errors.LocalEntryNotFoundError)):
        reason = "it is not in the cache and the hub cannot be reached: check the connection, or give a local folder"
    else:
        reason = str(error).strip().splitlines()[0]
    return UsageError(f"cannot load model {path}: {reason}")
