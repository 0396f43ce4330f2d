"""From records to numbers: metrics with intervals, ranks, collapse, one summary per cell."""
