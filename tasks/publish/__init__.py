"""From verdicts to readers: releases, pages, incidents."""
