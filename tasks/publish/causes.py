"""What is usually behind an alert, in one sentence: the first thing that its reader tries to rule out."""

from __future__ import annotations

from expectations.judge.verdict import ERRORED

CAUSES = {
    "schema_drift": "The platform or the connector has a new version that renamed, added or retyped the field.",
    "duplicate_load": "The same delivery came twice: a sync that was started again, or a restored cursor.",
    "null_spike": "Tracking or a form changed, or the connector cannot read what the source now sends.",
    "spend_anomaly": "A budget or bid was changed, a campaign started or ended, or tracking broke.",
    "reconciliation": "The two reports were read at different moments, or one of them was loaded twice or in part.",
    "restatement": "The platform corrected an old day: invalid clicks, late conversions, or credits.",
    "completeness": "The sync ended before the day was whole, or an account lost its access.",
    "delivery": "A job ended in the middle, or objects it reported are not in the bucket.",
    "quarantine": "Lines arrived that no reader can parse, often after a change at the source.",
    "freshness": "The last syncs failed or read an older period.",
    "late": "The platform is slow or down, or its credentials expired.",
    "slow_extract": "The platform limits requests, or a larger period is read than usual.",
    "missed_deadline": "A source was late or a finding held the release until after the deadline.",
    "paused": "A person paused the source.",
    "build_failed": "A model was changed, or data arrived that a model cannot convert.",
    "data_test": "A model was changed, or two sources now disagree about the same thing.",
    "identity_held": "Many people share an identifier: a kiosk, a shared mailbox, or a test address.",
    "bridge_residual": "A new kind of order, refund or fee that no step of the bridge names yet.",
    "missing_rate": "The account's currency is new, or the day's rates were not published.",
    "closed_month_changed": "A source restated days of a month that was already signed.",
    "server_down": "The machine is out of memory or was restarted.",
    "worker_down": "The worker was ended with its terminal, or its machine was restarted.",
    "run_missed": "No worker was free at that time.",
    "run_died": "The process runs out of memory, or its machine is restarted again and again.",
    "refresh_overdue": "The source's last runs failed or did not start.",
    "disk_full": "Old releases, logs or landing objects were never pruned.",
    "lock_held": "A long build, or a notebook that keeps the warehouse open.",
    ERRORED: "The check itself: a new version of a library, or something that it reads is not there.",
}


def likely_cause(runbook: str) -> str:
    """The sentence for what a runbook is about; empty for one that is not known."""
    return CAUSES.get(runbook, "")
