"""The command line as a user meets it: instant help, clear errors, plans that are printed before they run."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from urlvr_bench import methods, models, protocol, tasks

HEAVY = ("torch", "transformers", "trl", "lm_eval", "datasets", "pandas", "scipy", "huggingface_hub")


@pytest.mark.parametrize("arguments", [["--help"], ["list", "methods"], ["list", "tasks"], ["run", "--dry-run"]])
def test_light_commands_import_nothing_heavy(arguments):
    code = (
        "import sys; from urlvr_bench import cli\n"
        f"sys.argv = ['urlvr-bench', *{arguments!r}]\n"
        "try: cli.main()\nexcept SystemExit: pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] == "[]"


def test_help_answers_at_once(command):
    before = os.times()
    assert "run" in command("--help").stdout
    after = os.times()
    took = after.children_user + after.children_system - before.children_user - before.children_system
    assert took < 1.5  # half a second on an idle machine; processor time, for the tests run side by side


@pytest.mark.parametrize(
    ("kind", "names"),
    [("methods", methods.names()), ("tasks", tasks.names()), ("protocols", protocol.names())],
)
def test_list_shows_everything_there_is(command, kind, names):
    rows = json.loads(command("list", kind, "--json").stdout)
    assert [row[kind.removesuffix("s")] for row in rows] == names


def test_list_models_shows_the_priors_weakest_first(command):
    rows = json.loads(command("list", "models", "--json").stdout)
    ladder = [row for row in rows if row["model"] in {f"pocket-{rung}" for rung in range(1, 7)}]
    assert len(ladder) >= 6
    assert [row["accuracy"] for row in ladder] == sorted(row["accuracy"] for row in ladder)
    assert {row["model"] for row in rows} == set(models.names())


BAD = [
    (["run", "--method", "majorty_vote"], "did you mean 'majority_vote'"),
    (["run", "--method", "random_reward(chanc=1)"], "did you mean 'chance'"),
    (["run", "--method", "random_reward(chance=lots)"], "chance='lots'"),
    (["run", "--method", "majority vote!"], "does not read as"),
    (["run", "--task", "chain_adition"], "did you mean 'chain_addition'"),
    (["run", "--model", "pocket-99"], "did you mean"),
    (["run", "--model", "./nowhere"], "does not exist"),
    (["run", "--protocol", "poket"], "did you mean 'pocket'"),
    (["run", "--protocol", "nope.yaml"], "there is no such file; give a file NAME.yaml, or one of desk"),
    (["run", "--protocol", "README.md"], "that is no YAML file"),
    (["run", "--model", "README.md"], "is a file: give the folder"),
    (["run", "--set", "ood=math500"], "write a list: ood=[math500]"),
    (["run", "--set", "steps=["], "setting steps=[: line 1 is no YAML"),
    (["run", "--set", "step=3"], "did you mean"),
    (["run", "--set", "steps"], "key=value"),
    (["run", "--set", "steps=-1"], "steps=-1"),
    (["run", "--set", "samples=2"], "pass@16 needs at least 16 samples"),
    (["run", "--set", "mini_batches=3"], "do not divide"),
    (["run", "--seed", "1", "--seed", "1"], "not distinct"),
    (["run", "--seed", "4294967296"], "seed 4294967296 is none: seeds are 0 to 4294967295"),
    (["run", "--data", "gsm8k=/nowhere"], "--data"),
    (["run", "--data", "gsm9k=."], "unknown task of --data 'gsm9k'; did you mean 'gsm8k'?"),
    (["run", "--resource", "slurm_partition=gpu"], "no launcher makes one here: add --launcher local or slurm"),
    (["run", "--out", "README.md"], "README.md is a file; give the folder"),
    (["table", "results", "--kind", "nosuch"], "unknown kind of table 'nosuch'"),
    (["list", "method"], "did you mean 'methods'"),
    (["table", "nowhere"], "nowhere"),
    (["eval", "pocket-1", "--task", "chain_addition", "--k", "64"], "pass@64 needs"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=lambda value: value if isinstance(value, str) else None)
def test_bad_input_is_one_line_and_exit_code_2(command, tmp_path, arguments, message):
    extra = ["--out", tmp_path / "runs"] if arguments[0] in ("run", "eval") and "--out" not in arguments else []
    done = command(*arguments, *extra)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.startswith("error:") and len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "runs").exists()


def test_a_folder_that_is_no_run_is_refused(command, tmp_path):
    done = command("table", tmp_path)
    assert done.returncode == 2 and "no records" in done.stderr


def test_dry_run_prints_the_plan_and_touches_nothing(command, tmp_path):
    done = command("run", "--dry-run", "--json", "--seeds", 2, "--method", "ttrl", "--out", tmp_path / "runs")
    found = json.loads(done.stdout)
    assert [row["folder"] for row in found["runs"]] == [
        str(tmp_path / f"runs/pocket@2/pocket-6/chain_addition/majority_vote/seed{seed}") for seed in (0, 1)
    ]
    assert {row["state"] for row in found["runs"]} == {"new"}
    assert found["estimated_minutes"] > 0
    assert not (tmp_path / "runs").exists()


def test_overrides_make_a_custom_protocol_with_a_folder_of_its_own(command, tmp_path):
    done = command("run", "--dry-run", "--json", "--set", "steps=3", "--out", tmp_path)
    folder = json.loads(done.stdout)["runs"][0]["folder"]
    assert "/pocket-" in folder and "/pocket/" not in folder


def test_a_stopping_rule_is_a_setting_with_all_of_its_parameters(command, tmp_path):
    asked = ("run", "--method", "empo", "--out", tmp_path, "--dry-run", "--json", "--stop-rule")
    (found,) = json.loads(command(*asked, "proxy_plateau(patience=9)").stdout)["runs"]
    assert found["settings"] == {"stop_rule": ["proxy_plateau(patience=9, least=0.05)", None]}
    refused = command(*asked, "entropi")
    assert refused.returncode == 2 and "did you mean 'entropy'" in refused.stderr


@pytest.mark.parametrize("kind", ["methods", "tasks", "protocols", "models", "settings", "stop-rules"])
def test_lists_fit_80_columns_with_whole_names(command, kind):
    rows = json.loads(command("list", kind, "--json").stdout)
    printed = command("list", kind, COLUMNS="80").stdout
    assert max(map(len, printed.splitlines())) <= 80
    assert all(f" {row[kind.removeprefix('stop-').removesuffix('s')]} " in printed for row in rows)


def test_every_setting_says_what_it_means_and_the_two_temperatures_differ(command):
    rows = {row["setting"]: row for row in json.loads(command("list", "settings", "--json").stdout)}
    assert all(row["meaning"] and row["values"] and row["default"] for row in rows.values())
    assert rows["training.temperature"]["meaning"] != rows["evaluation.temperature"]["meaning"]
    done = command("run", "--dry-run", "--set", "temperature=1")
    assert done.returncode == 2 and "is in training and evaluation: write training.temperature" in done.stderr


@pytest.mark.parametrize("arguments", [["pocket-9", "--task", "gsm8k"], ["pocket-1", "--task", "chain_adition"]])
def test_eval_finds_a_wrong_name_before_it_imports_an_engine(arguments):
    code = "import sys; from urlvr_bench import cli\nsys.modules |= {'torch': None, 'pandas': None, 'lm_eval': None}\n"
    code += f"sys.argv = ['urlvr-bench', 'eval', *{arguments!r}]\ncli.main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2 and "did you mean" in done.stderr


def test_a_hub_model_that_cannot_be_had_is_told_before_an_engine_is_imported(command, tmp_path):
    code = "import sys; from urlvr_bench import cli\nsys.modules |= {'torch': None, 'lm_eval': None}\n"
    code += "sys.argv = ['', *sys.argv[1:]]\ncli.main()"
    values = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    for arguments in (["eval", "org/none", "--task", "chain_addition"], ["run", "--model", "org/none", "--seed", "0"]):
        call = [sys.executable, "-c", code, *arguments, "--out", str(tmp_path / "out")]
        done = subprocess.run(call, capture_output=True, text=True, env=values)
        assert done.returncode == 2
        assert "cannot load model org/none: it is not in the cache and the hub cannot be reached" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_missing_set_is_told_by_the_plan_and_stops_a_run_before_it_begins(command, tmp_path):
    arguments = ["run", "--task", "gsm8k", "--method", "majority_vote", "--out", tmp_path / "runs"]
    environment = {"HF_HOME": str(tmp_path / "home")}
    planned = command(*arguments, "--dry-run", "--json", **environment)
    assert planned.returncode == 0 and "gsm8k" in json.loads(planned.stdout)["missing"]
    done = command(*arguments, **environment)
    assert done.returncode == 2 and "error: gsm8k: cannot load" in done.stderr
    assert not (tmp_path / "runs").exists()
    done = command("eval", "pocket-1", "--task", "gsm8k", "--out", tmp_path / "runs", **environment)
    assert done.returncode == 2 and "error: gsm8k: cannot load" in done.stderr


def test_a_plan_shows_what_is_changed_and_what_differs_between_its_runs(command):
    done = command("run", "--dry-run", "--method", "majority_vote", "--set", "steps=3", "--set", "learning_rate=1e-3")
    assert "changed from the protocol: steps=3 (300), learning_rate=0.001 (1.5e-05)" in done.stderr
    done = command("study", "dataset-size", "--quick", "--dry-run", "--results", "none")
    rows = [line for line in done.stderr.splitlines() if "majority_vote" in line]
    assert len(rows) == len(set(rows)) == 5


def test_tables_for_programs_are_one_document_of_all_kinds(command, tmp_path):
    runs = ROOT / "results/pocket@1/pocket-6/chain_addition"
    arguments = ["table", runs / "majority_vote", runs / "random_reward"]
    kinds = [part["kind"] for part in json.loads(command(*arguments, "--format", "json").stdout)]
    assert kinds == ["pass", "reward", "collapse"]
    assert json.loads(command(*arguments, "--format", "json", "--kind", "pass").stdout)["kind"] == "pass"
    rows = list(csv.DictReader(io.StringIO(command(*arguments, "--format", "csv").stdout)))
    assert list(dict.fromkeys(row["kind"] for row in rows)) == kinds and all(None not in row for row in rows)


def test_people_get_one_table_and_the_names_of_the_others(command):
    done = command("table", ROOT / "results/pocket@1")
    assert done.stdout.count("\n| method ") == done.stdout.count("### collapse: ") == 1
    assert "### collapse: pocket@1 (daf4c5bd) · pocket-6 · chain_addition" in done.stdout  # the one of most methods
    assert done.stderr.startswith("the largest of ") and "--kind pass, --kind reward, --kind probe" in done.stderr
    done = command("table", ROOT / "results/pocket@1/pocket-6/pocket_text", "--all")
    assert [line.partition(":")[0] for line in done.stdout.splitlines() if line.startswith("#")] == [
        "### pass",
        "### reward",
        "### collapse",
    ]
    assert done.stdout.count("\n- Reward accuracy:") == 1


@pytest.mark.parametrize(("kind", "said"), [("ood", "--set 'ood=[NAME"), ("indicators", "--method ground_truth")])
def test_an_empty_kind_of_table_says_what_would_fill_it(command, kind, said):
    done = command("table", ROOT / "results/pocket@1/pocket-6/chain_addition/majority_vote", "--kind", kind)
    assert done.returncode == 0 and not done.stdout and said in done.stderr


def test_a_run_is_verified_and_attested(command, tmp_path: Path) -> None:
    run = ("--protocol", "smoke", "--method", "majority_vote", "--jobs", "1")
    assert command("run", *run, "--out", tmp_path / "runs").returncode == 0
    (made,) = (tmp_path / "runs").rglob("record.json")
    again = command("verify", made, "--out", tmp_path / "again", "--steps", "2")
    assert again.returncode == 0 and "equal bit for bit, 2 steps and 0 evaluations" in again.stderr
    whole = command("verify", made, "--out", tmp_path / "again", "--attest", "A. Reader", "--json")
    assert whole.returncode == 0 and json.loads(whole.stdout)["verdict"] == "equal"
    left = json.loads(made.with_name("record.verified.json").read_text())
    assert (left["by"], left["verdict"], left["steps"], left["evaluations"]) == ("A. Reader", "equal", 4, 3)
    made.write_text(made.read_text().replace('"entropy":[0', '"entropy":[9', 1))
    forged = command("verify", made, "--out", tmp_path / "again")
    assert forged.returncode == 1 and "CONTRADICTED" in forged.stderr and "step 1: entropy" in forged.stderr
