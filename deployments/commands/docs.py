"""`plumbline docs`: the pages of metrics and tables, and dbt's own documentation beside them."""

from __future__ import annotations

import typer

from deployments.terminal import console

app = typer.Typer()


@app.command()
def docs() -> None:
    """Write the pages of metrics and tables anew, and dbt's own documentation with its graph."""
    from tasks import doors
    from tasks.adapters.dbt_docs import generate_docs
    from tasks.publish.site_models import model_pages
    from tasks.settings import settings

    site = settings().home / "site"
    with doors.warehouse_lock():
        page = generate_docs(doors.dbt().config, site / "models" / "dbt.html")
    model_pages(site, again=True)
    console.print(f"Metrics  {(site / 'metrics.html').absolute()}")
    console.print(f"Tables   {(site / 'models' / 'index.html').absolute()}")
    console.print(f"dbt      {page.absolute()}")
