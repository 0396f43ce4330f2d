"""What the page on real models says of vLLM beside transformers."""

import json

import pytest

from urlvr_bench.reports import scaling_docs


@pytest.mark.parametrize(("difference", "said"), [(-0.02, "within"), (0.05, "**beyond**")])
def test_the_page_says_whether_the_engines_agree_within_the_error_of_sampling(tmp_path, difference, said):
    path = tmp_path / "speed.json"
    assert scaling_docs.vllm(path).startswith("Not measured yet")
    rows = [{"engine": name, "tokens a second": rate} for name, rate in (("transformers", "90"), ("vLLM", "120"))]
    found = {"rows": rows, "difference": difference, "half_width": 0.03, "load": "9", "cores": 2, "torch": "2.13.0"}
    found["precision"] = "float32"
    path.write_text(json.dumps(found))
    text = scaling_docs.vllm(path)
    assert text.count("\n| ") == len(rows)
    text = " ".join(text.split())
    assert f"{difference:+.3f} (vLLM less transformers), {said} the 95 % half-width of 0.030" in text
    assert "In float32 on 2 cores" in text and "under a load of 9 by other work" in text
