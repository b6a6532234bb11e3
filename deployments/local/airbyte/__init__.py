"""A server that speaks the subset of the Airbyte public API that the product uses."""
