"""The doors: the only place where settings become clients of the outside world."""
