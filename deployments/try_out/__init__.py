"""`plumbline try`: the pipeline's own SQL and Python on CSV files, without a stack."""
