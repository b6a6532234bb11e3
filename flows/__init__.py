"""The order of the steps: Prefect flows whose bodies read as sentences."""
