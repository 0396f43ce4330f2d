"""Which failures of the Hub pass if one waits, how long to wait, and what to tell the user about the others."""

import random

from huggingface_hub import get_token
from huggingface_hub.errors import HfHubHTTPError, OIDCError
from huggingface_hub.utils import httpx, parse_ratelimit_headers  # type: ignore[attr-defined]

from urlvr_bench.errors import UsageError
from urlvr_bench.hub.difference import TOKEN, Repo

TRIES = 6
LONGEST_WAIT = 300.0
"""Seconds; a Hub that asks for more is left alone."""
PASSING = {408, 409, 412, 429, 500, 502, 503, 504}
"""A commit in progress, a head that moved, too many requests, a server in trouble."""

FAILURES = (httpx.HTTPError, OSError, RuntimeError, OIDCError)
"""What the Hub's client raises; it wraps the HTTP errors of uploads and downloads in the last three."""
UNREACHABLE = (httpx.TransportError, ConnectionError)


def require_token() -> None:
    """Fail with one line where nobody is signed in."""
    try:
        token = get_token()
    except (OIDCError, httpx.HTTPError) as error:
        why = one_line(_message(error))
        raise UsageError(f"HF_OIDC_RESOURCE is set, but this job gets no Hub token for it: {why}") from error
    if not token:
        raise UsageError("not signed in to the Hub: run `hf auth login`, or set HF_TOKEN to a token that may write")


def wait_after(error: Exception, repo: Repo, tries: int, rng: random.Random) -> tuple[float, str]:
    """Return the seconds to wait before the next try and the reason; raise one line where waiting does not help."""
    cause = _cause(error)
    status = cause.response.status_code if isinstance(cause, HfHubHTTPError) else None
    asked = _asked(cause)
    hopeful = isinstance(cause, httpx.HTTPError) and (status is None or status in PASSING)
    if not hopeful or tries == TRIES or asked > LONGEST_WAIT:
        raise _explained(cause, status, repo, tries, asked) from error
    wait = asked + rng.random() if asked else min(30.0, 2.0 ** (tries - 1)) * rng.uniform(0.5, 1.5)
    return wait, f"the Hub answered {status}" if status else "the connection failed"


def is_bad_token(error: HfHubHTTPError) -> bool:
    """Return whether a 401 is about the token: without one, the Hub answers so for a repo that is not there."""
    return error.response.status_code == 401 and "Authorization" in error.response.request.headers


def one_line(text: str) -> str:
    """Return text as one short line in which no token shows."""
    return TOKEN.sub(b"***", " ".join(text.split()).encode())[:300].decode(errors="ignore")


def _cause(error: Exception) -> Exception:
    """Return the failure of the Hub behind an error, which the client may have wrapped; re-raise any other error."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, httpx.HTTPError | ConnectionError | OIDCError):
            return cause
        cause = cause.__cause__
    raise error


def _asked(cause: Exception) -> float:
    """Return how long the Hub asks to wait, seconds; 0 where it does not say."""
    if not isinstance(cause, HfHubHTTPError):
        return 0.0
    after = cause.response.headers.get("Retry-After", "")
    limit = parse_ratelimit_headers(cause.response.headers) if cause.response.status_code == 429 else None
    return float(after) if after.isdigit() else float(limit.reset_in_seconds) if limit else 0.0


def _explained(cause: Exception, status: int | None, repo: Repo, tries: int, asked: float) -> UsageError:
    again = "nothing is half done, so run the same command again"
    if status == 401:
        return UsageError(f"{repo}: the Hub does not accept the token; run `hf auth login`, or renew HF_TOKEN")
    if status == 403:
        return UsageError(f"{repo}: the token may not write here; get one that may, or open a PR with --create-pr")
    if status == 404:
        return UsageError(f"{repo} does not exist, or the token may not see it; check the name and the token")
    said = one_line(_message(cause))
    if status is None:
        return UsageError(f"{repo}: the Hub cannot be reached ({said}); {again} when it can")
    if asked > LONGEST_WAIT:
        return UsageError(f"{repo}: the Hub answered {status} and asks to wait {asked:.0f} s; {again} then")
    return UsageError(f"{repo}: the Hub answered {status} at try {tries} of {TRIES} ({said}); {again} later")


def _message(error: Exception) -> str:
    return getattr(error, "server_message", None) or str(error) or type(error).__name__
