"""How the processes of one training share a batch of rollouts: in whole groups."""

from urlvr_bench.errors import UsageError
from urlvr_bench.settings import Training


def split_batch(training: Training, processes: int) -> tuple[int, int]:
    """Return the rollouts per forward pass and the gradient accumulation steps of each process.

    The batch is the protocol's, however many processes share it; `micro_batch` is only an upper bound. Refuses a
    number of processes that would cut a group.
    """
    numbers = (
        f"prompts_per_step {training.prompts_per_step} x group_size {training.group_size} = {training.rows} rollouts "
        f"in {training.mini_batches} mini-batches on {processes} processes"
    )
    if training.prompts_per_step % processes:
        raise UsageError(
            f"{numbers}: groups would be cut across processes; take a number of processes that divides "
            f"prompts_per_step={training.prompts_per_step}"
        )
    rows, rest = divmod(training.rows, processes * training.mini_batches)
    micro_batch = min(training.micro_batch, rows)
    if rest or rows % micro_batch:
        raise UsageError(
            f"{numbers}: the rollouts do not divide evenly by micro_batch {training.micro_batch}; "
            "change training.micro_batch"
        )
    return micro_batch, rows // micro_batch
