"""Clients of the outside world, one noun each; `tasks.doors` opens them with the settings of the profile."""
