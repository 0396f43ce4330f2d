"""The second turn: what a method asks about its groups is scored and answered, all groups together."""

from collections.abc import Sequence
from dataclasses import replace

from urlvr_bench.rollouts import Group, Query, Sampled
from urlvr_bench.training.firewall import Turns
from urlvr_bench.training.groups import Batch
from urlvr_bench.training.seams import Rollouts, Scored


def with_second_turn(turns: Turns, groups: list[Group], batch: Batch, rollouts: Rollouts) -> tuple[list[Group], int]:
    """Return the groups of a batch with what the method asks about each, and the tokens generated for it."""
    tokens = 0
    if "likelihoods" in turns.needs:
        groups = _with_likelihoods(groups, turns.queries(groups), batch, rollouts)
    if "replies" in turns.needs:
        groups, tokens = _with_replies(groups, turns.ask(groups), rollouts)
    return groups, tokens


def _with_likelihoods(
    groups: list[Group], asked: Sequence[Sequence[Query]], batch: Batch, rollouts: Rollouts
) -> list[Group]:
    """Return the groups with their likelihoods: those under the policy first, then teacher by teacher."""
    size = len(groups[0])
    drawn = [batch.token_ids[start : start + size] for start in range(0, len(batch.token_ids), size)]
    queries = [
        (query.teacher_decay, _scored(group, query, tokens))
        for group, tokens, of_group in zip(groups, drawn, asked, strict=True)
        for query in of_group
    ]
    found: dict[int, list[float]] = {}
    decays = set(rollouts.gather([decay for decay, _ in queries]))  # a teacher follows on every process or on none
    for decay in sorted(decays, key=lambda decay: -1.0 if decay is None else decay):
        places = [i for i, (wanted, _) in enumerate(queries) if wanted == decay]
        found |= zip(places, rollouts.likelihoods([queries[i][1] for i in places], decay), strict=True)
    rows = iter([found[i] for i in range(len(queries))])
    return [
        replace(group, likelihoods=[next(rows) for _ in of_group])
        for group, of_group in zip(groups, asked, strict=True)
    ]


def _scored(group: Group, query: Query, drawn: Sequence[Sequence[int]]) -> Scored:
    """Return a query with the prompt of its group apart, where it begins with that, and a rollout by its tokens."""
    text = query.continuation if isinstance(query.continuation, str) else drawn[query.continuation]
    if query.prefix.startswith(group.prompt):
        return group.prompt, query.prefix[len(group.prompt) :], text
    return "", query.prefix, text


def _with_replies(groups: list[Group], asked: Sequence[Sequence[str]], rollouts: Rollouts) -> tuple[list[Group], int]:
    """Return the groups with the policy's replies and the tokens in them: greedy answers first, then sampled ones."""
    prompts = [prompt for of_group in asked for prompt in of_group]
    sampled = [isinstance(prompt, Sampled) for prompt in prompts]
    found: dict[int, str] = {}
    tokens = 0
    for kind in sorted(set(rollouts.gather(sampled))):
        places = [i for i, one in enumerate(sampled) if one == kind]
        texts, more = rollouts.reply([prompts[i] for i in places], kind)
        found |= zip(places, texts, strict=True)
        tokens += more
    rows = iter([found[i] for i in range(len(prompts))])
    return [
        replace(group, replies=[next(rows) for _ in of_group]) for group, of_group in zip(groups, asked, strict=True)
    ], tokens
