"""How a flow run that publishes ends, so that the list of runs tells a held day from a published one."""

from __future__ import annotations

from typing import cast

from prefect.states import Completed

from tasks.publish.publish import Release


def ended(release: Release) -> Release:
    """The release; where it was held, the run is shown as `Held` with the reasons.

    A flow that returns a state is given that state, and its caller the data inside.
    """
    if not release.held:
        return release
    return cast(Release, Completed(name="Held", message=" ".join(release.because)[:1000], data=release))
