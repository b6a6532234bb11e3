"""One small protocol for the warehouse, and its two engines."""
