"""From a source to the raw tables: extract, land, seal, load."""
