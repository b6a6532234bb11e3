"""Every number of the ladder, in one place: how much history it reads, how wide its bands are, what is worth a look.

The widths are those measured for the product (`plumbline bench anomalies` measures them anew); this module imports
nothing, so that whoever only needs a number need not load an array library.
"""

from __future__ import annotations

from dataclasses import dataclass

LEARNING_DAYS = 28  # known days before a band accuses anybody
FACTOR_DAYS, LEVEL_DAYS = 56, 7
HISTORY_DAYS = FACTOR_DAYS + 2 * LEVEL_DAYS  # 56 days of factors, and the weeks that the oldest of them need
HOURS_A_DAY = 24
FIRST_SCORE_DAYS = 7  # known days before what a day missed by counts for the width
SCORES_NEEDED = 21
SIGMA_PER_MAD = 1.4826
SCALE_FLOOR = 0.05


@dataclass(frozen=True)
class Rules:
    """Widths in robust deviations, and the smallest effects worth a person's time."""

    price_k: float = 4.5
    price_floor: float = 0.02  # a price is steadier than a volume: with 0.05 a fifth less would never be seen
    price_least_share: float = 0.10
    breadth_k: float = 3.5
    breadth_large: float = 0.58  # a move by more than this (ln; 1.8 times) is told from fewer deviations on
    breadth_large_k: float = 2.8
    breadth_least_share: float = 0.15
    least_amount: float = 50.0
    least_share_of_account: float = 0.01
    campaigns_for_breadth: int = 5
    pace_share: float = 0.15
    pace_after_day: int = 5
    common_move: float = 0.8
    own_share: float = 0.5
    others_needed: int = 3
