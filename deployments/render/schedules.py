"""Writes the schedules of `refresh_source` into prefect.yaml: one deployment, one schedule per source.

Only the lines between the two marks are rendered; everything else in the file is written by people.
"""

from __future__ import annotations

from expectations.declare.errors import Misconfigured
from expectations.declare.rendered import header
from expectations.declare.source import Source

BEGIN, END = "# rendered: schedules", "# end rendered"
_NEW_FILE = f"""name: plumbline
pull:
  - prefect.deployments.steps.set_working_directory:
      directory: .
deployments:
  - name: refresh_source
    description: Extract, seal, load, measure and judge one source.
    entrypoint: flows.refresh_source.refresh_source
    work_pool: {{name: plumbline}}
    {BEGIN}
    {END}
"""


def with_schedules(text: str, sources: dict[str, Source]) -> str:
    """The text of prefect.yaml with its marked block written anew; a whole small file where there is none."""
    lines = (text or _NEW_FILE).splitlines()
    marks = [[n for n, line in enumerate(lines) if line.strip() == mark] for mark in (BEGIN, END)]
    if [len(found) for found in marks] != [1, 1] or marks[0][0] > marks[1][0]:
        raise Misconfigured(
            "the schedule block was not found", where="prefect.yaml", do=f"Write the lines `{BEGIN}` and `{END}` once"
        )
    begin, end = marks[0][0], marks[1][0]
    indent = lines[begin][: len(lines[begin]) - len(lines[begin].lstrip())]
    block = [f"{indent}# {header()}", f"{indent}schedules:"]
    for source in sources.values():
        block += [f"{indent}  - slug: {source.slug}", f'{indent}    cron: "{source.schedule}"']
        block += [f"{indent}    timezone: UTC", f"{indent}    parameters: {{source: {source.name}}}"]
    return "\n".join([*lines[: begin + 1], *block, *lines[end:]]) + "\n"
