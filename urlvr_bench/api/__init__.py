"""What other programs call: results as data frames, one run, and the methods as reward functions of other trainers."""
