"""A simulated BrightCart, seen through the systems it would really use."""
