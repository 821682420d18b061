"""Benchmarks: each script takes --quick and --json FILE and prints a table with the machine and versions."""
