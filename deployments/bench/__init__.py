"""Benchmarks: each prints ratios of one run, because machines are noisy and floors are not."""
