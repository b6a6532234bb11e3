"""How one step is done: one module per step, and the clients of the outside world in `adapters`."""
