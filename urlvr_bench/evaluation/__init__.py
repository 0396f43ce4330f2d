"""A model answers n times and is judged: sampling, counting, scoring stored samples again, other forms."""
