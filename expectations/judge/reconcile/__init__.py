"""Why two totals differ: a waterfall of named amounts from one checkpoint to the next, with the rows behind each."""
