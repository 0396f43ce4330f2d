"""What is asked of the operating system: whole files and seals, signals, forks."""
