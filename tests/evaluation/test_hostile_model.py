"""A model that speaks in terminal escapes, HTML, null bytes and endless lines harms nobody; secrets stay here."""

import ast
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import torch
from hubdesk import signed_in
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from tests.conftest import ROOT
from urlvr_bench.commands.options import plain
from urlvr_bench.evaluation.samples import Sample, SampleStore
from urlvr_bench.models import NO_CODE, resolve
from urlvr_bench.pocket.language import ALPHABET, EOS, PAD
from urlvr_bench.running import worker

LONG = "A" * 1_000_000
VOCABULARY = [
    *ALPHABET,
    "\x1b[2J\x1b[31m",
    "\x1b]0;title\x07",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\x00",
    "\u202e",
    "\r\n\x85\u2028",
    "[red]{{7*7}}|%s|",
    LONG,
]
CANARY = "canary-0123456789abcdef"
SECRETS = {"HF_TOKEN": f"hf_{CANARY}", "WANDB_API_KEY": f"key-{CANARY}", "MY_PASSWORD": f"pw-{CANARY}"}
SMALL = {"steps": 2, "prompts_per_step": 2, "problems": 3, "max_completion_tokens": 6, "max_tokens": 6}
SMALL |= {"without_signal": "go_on"}
CONTROL = re.compile(r"[^\S \n\t]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]")


class Elements(HTMLParser):
    """Collects the event handlers and the scripts of a page, as a browser would find them."""

    def __init__(self) -> None:
        super().__init__()
        self.handlers: list[str] = []
        self.scripts: list[str] = []
        self.inside = False

    def handle_starttag(self, tag, attrs):
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        self.inside = tag == "script"

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        self.scripts += [data] if self.inside else []


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Save a model whose random words are the vocabulary above."""
    folder = tmp_path_factory.mktemp("models") / "hostile"
    words = Tokenizer(models.WordLevel({word: i for i, word in enumerate(VOCABULARY)}, unk_token=PAD))
    words.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), behavior="isolated")
    words.decoder = decoders.Fuse()
    PreTrainedTokenizerFast(tokenizer_object=words, pad_token=PAD, eos_token=EOS).save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        pad_token_id=ALPHABET.index(PAD),
        eos_token_id=ALPHABET.index(EOS),
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def assert_harmless(text: str) -> None:
    """Assert that text may be shown: nothing a terminal obeys, no markup of the model's, no secret, no endless line."""
    assert not (found := CONTROL.search(text)), repr(found)
    assert "alert(1)" not in text and CANARY not in text and LONG[:5000] not in text


@pytest.mark.lab
def test_what_a_hostile_model_says_reaches_neither_terminal_nor_record_nor_site(hostile, command, tmp_path):
    out, site = tmp_path / "runs", tmp_path / "site"
    settings = [part for key, value in SMALL.items() for part in ("--set", f"{key}={value}")]
    run = ["run", "--protocol", "smoke", "--method", "majority_vote", "--model", hostile]
    commands = [
        [*run, *settings, "--out", out],
        ["status", out],
        ["table", out],
        ["check", out],
        ["board", "build", out, "--custom", "--out", site],
        ["eval", hostile, "--task", "chain_addition", "--problems", "2", "--samples", "2", "--out", tmp_path / "eval"],
    ]
    for arguments in commands:
        done = command(*arguments, timeout=300, **SECRETS)
        assert done.returncode == 0, (arguments[0], done.stderr[-2000:])
        assert_harmless(done.stdout + done.stderr)
    kept = [*out.rglob("record.json"), *out.rglob("log.txt"), *out.rglob("steps.jsonl")]
    pages, shown = list(site.rglob("*.html")), []
    assert len(kept + pages) > 5
    for path in [*kept, *pages, *out.rglob("*.samples.json")]:
        text = path.read_text()
        assert not re.search(r"[\x00\x1b\x07\u202e]", text), path
        assert path not in kept or "onerror=alert" not in text, path
        assert path.stat().st_size < 2_000_000, path
    for path in pages:  # the samples of a run are told as text, never as elements
        reader = Elements()
        reader.feed(path.read_text())
        assert not reader.handlers and not any("alert(1)" in script for script in reader.scripts), path
        shown += [path] if "onerror=alert" in path.read_text() else []
    assert len(shown) == 1, "the page of the run shows what was said"
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or CANARY.encode() not in path.read_bytes(), path
    said = [path.read_text() for path in out.rglob("evals/step-000002/chain_addition.jsonl")]
    assert any("onerror" in text for text in said), "the model did not say what it was to say"


def test_a_failure_is_told_in_one_line_without_secrets_or_escapes(tmp_path, monkeypatch, capsys):
    def fail(*_):
        raise RuntimeError(f"{CANARY} in \x1b[2J\x00 \ud800 <script> {SECRETS['HF_TOKEN']} hf_{'a' * 34} {LONG}")

    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SESSION_TOKEN", CANARY)
    monkeypatch.setattr(worker, "carry_out", fail)
    assert worker.attempt(tmp_path) == 1
    said, error = capsys.readouterr().out, (tmp_path / "error.txt").read_text()
    for text in (said, error, plain(error)):
        assert CANARY not in text and "hf_aaa" not in text and not re.search("[\x00\x1b\ud800]", text)
    assert error.count("\n") == 1 and len(error) < 2000 and "RuntimeError: *** in" in error


def test_lone_surrogates_and_null_bytes_are_kept_and_read_back(tmp_path):
    kept = {"a": Sample("\ud800\x00\u2028\x1b[2J", 1, False), "b": Sample(LONG, 1, True)}
    SampleStore(tmp_path / "samples.jsonl").add(kept)
    assert SampleStore(tmp_path / "samples.jsonl").samples == kept


@pytest.fixture
def desk(monkeypatch, tmp_path):
    yield from signed_in(monkeypatch, tmp_path)


def test_a_push_carries_no_secret(desk, monkeypatch, tmp_path):
    from records import fabricate

    from urlvr_bench.records import record

    for name, value in SECRETS.items() - {("HF_TOKEN", SECRETS["HF_TOKEN"])}:
        monkeypatch.setenv(name, value)
    record.write(fabricate(), tmp_path / "runs" / "record.json")
    desk.push([tmp_path / "runs"], "org/records")
    (repo,) = desk.fake.repos.values()
    stored = repr([commit for line in repo.refs.values() for commit in line]) + repr(desk.said) + repr(desk.fake.log)
    assert "records/" in stored and CANARY not in stored and "hf_writer" not in stored


def test_pickled_weights_and_code_of_a_repo_are_refused(hostile, tmp_path):
    from urlvr_bench.errors import UsageError
    from urlvr_bench.evaluation.sampling import load

    folder = tmp_path / "pickled"
    folder.mkdir()
    for path in hostile.iterdir():
        if path.suffix != ".safetensors":
            (folder / path.name).write_bytes(path.read_bytes())
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(UsageError, match="pickled ones are not loaded"):
        resolve(str(folder))
    with pytest.raises(UsageError, match="safetensors"):
        load(str(folder), "cpu", "auto")
    marker = tmp_path / "ran"
    (folder / "evil.py").write_text(f"open({str(marker)!r}, 'w')")
    config = json.loads((folder / "config.json").read_text())
    auto = {"AutoConfig": "evil.Config", "AutoModelForCausalLM": "evil.Model"}
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "evil", "auto_map": auto}))
    with pytest.raises(UsageError):
        load(str(folder), "cpu", "auto")
    assert not marker.exists() and NO_CODE == {"use_safetensors": True, "trust_remote_code": False}


FORBIDDEN = re.compile(r"\b(eval|exec|compile|__import__|os\.(system|popen)|(pickle|marshal|shelve|dill)\.loads?)$")
ALLOWED = {
    ("urlvr_bench/review/contract.py", "pickle.loads"),  # our own bytes, made in the line that reads them
    ("urlvr_bench/system/spreading.py", "pickle.loads"),  # what our own forks return
    ("urlvr_bench/system/plain_yaml.py", "yaml.load"),  # a safe loader
    ("urlvr_bench/training/booth_child.py", "pickle.loads"),  # what the trainer sends to the closed process of a method
    ("urlvr_bench/training/admission.py", "exec"),  # a method's file, imported behind the walls
    ("urlvr_bench/training/admission.py", "compile"),
    ("urlvr_bench/verifiers/judging.py", "exec"),  # a program behind the walls of the sandbox, and published tests
    ("urlvr_bench/verifiers/judging.py", "compile"),
}
SHIPPED = [
    path
    for top in ("urlvr_bench", "methods", "tasks", "leaderboard", "benchmarks")
    for path in (ROOT / top).rglob("*.py")
]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_shipped_module_runs_text_as_code(path: Path):
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        settings = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
        if (path.relative_to(ROOT).as_posix(), name) in ALLOWED:
            continue
        assert not FORBIDDEN.match(name) and name not in ("yaml.load", "yaml.unsafe_load", "yaml.full_load"), (
            ast.unparse(node)
        )
        assert settings.get("shell", "False") == "False", ast.unparse(node)
        assert name != "torch.load" or settings.get("weights_only") == "True", ast.unparse(node)
        assert settings.get("trust_remote_code", "False") == "False", ast.unparse(node)
