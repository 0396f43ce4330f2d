"""To and from the Hugging Face Hub: push, submit, cards, entries of evaluations."""
