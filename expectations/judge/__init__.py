"""How declarations are judged: bands, expectation classes, suites, verdicts."""
