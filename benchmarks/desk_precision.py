"""Print the settings under which `make desk` is quickest here: none where the processor has bfloat16, else float32."""

from urlvr_bench.commands.planning import IN_FLOAT32
from urlvr_bench.running import estimates, plan

(run,) = plan.grid("desk-press", ["majority_vote"], [0])
print(IN_FLOAT32 if estimates.emulates(run, 1) else "")
