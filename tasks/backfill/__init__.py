"""Days done once more, from the lake or from their sources, and never without a look at the difference."""
