"""Where and when it runs: the command line, the local stack, and the production set-up."""
