"""What the Hub says of its jobs."""

from collections.abc import Iterable

from urlvr_bench.errors import UsageError


def stages(ids: Iterable[str]) -> dict[str, str]:
    """Return the stage of every job `OWNER/ID` that the Hub still knows."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    found = {}
    for job in ids:
        namespace, _, name = job.partition("/")
        try:
            found[job] = str(HfApi().inspect_job(job_id=name, namespace=namespace).status.stage)
        except HfHubHTTPError as error:
            if error.response.status_code != 404:
                raise UsageError(f"Hugging Face Jobs: {str(error).splitlines()[0]}") from error
    return found
