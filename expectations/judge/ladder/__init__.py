"""The ladder of spend anomalies: exact, completeness, price, breadth; the first rung that fires ends the climb.

Rungs and constants are the measured recommendation of the product's domain notes; `plumbline bench anomalies` measures
them anew against the rules of other tools. Everything is judged one day ahead: what is said about a day depends on that
day, on the days before it and on the calendar, never on a later one.
"""
