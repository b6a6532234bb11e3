"""Every fault that is known of Airbyte and of the sources: made, met, healed, and told to somebody or to nobody."""
