"""The look from outside: what runs, what should run, and what died; it needs neither Prefect nor the warehouse."""
