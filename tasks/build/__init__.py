"""From the raw tables to the marts: dbt, and what SQL cannot say."""
