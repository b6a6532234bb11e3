"""Steps about time and money: figures as of a moment, closed months, and what became of them."""
