"""What people do to the pipeline at night: pause, hold, release, rebuild, prune, try again."""
