"""Judge what a model wrote: the equality of formulas, programs in a sandbox, proofs."""
