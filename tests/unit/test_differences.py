"""Why a day's spend is another amount now: told per account, from what each sync said."""

from datetime import date, datetime
from decimal import Decimal

from tasks.periods.differences import Version, told

DAY, THEN = date(2026, 11, 18), datetime(2026, 11, 19, 6)
FIRST, NEXT = datetime(2026, 11, 19, 5, 40), datetime(2026, 11, 20, 5, 40)


def _version(campaign: str, spend: str, at: datetime, account: str = "act_12") -> Version:
    return Version("meta_ads", account, campaign, Decimal(spend), at)


def _told(*versions: Version) -> list[str]:
    currencies = {("meta_ads", "act_12"): "USD"}
    return told(versions, DAY, THEN, titles={"meta_ads": "Meta Ads"}, currencies=currencies)


def test_a_restated_a_late_and_a_vanished_campaign_are_told_to_the_cent() -> None:
    assert _told(
        _version("a", "100.00", FIRST), _version("a", "130.50", NEXT), _version("b", "7.00", NEXT),
        _version("c", "9.00", FIRST), _version("c", "0", NEXT), _version("d", "1.00", FIRST),
    ) == [
        "Meta Ads, act_12, 18 Nov: known at 19 Nov 06:00 $110.00, Meta Ads now $138.50; difference $28.50 = $21.50 "
        "restated by Meta Ads after our 19 Nov 05:40 extraction (2 campaigns) + $7.00 arrived after we had read the "
        "day (1 row); unexplained $0.00"
    ]  # fmt: skip


def test_an_account_that_says_the_same_is_not_mentioned() -> None:
    assert _told(_version("a", "100.00", FIRST)) == []


def test_an_account_that_had_not_been_read_is_said_to_be_so() -> None:
    assert _told(_version("a", "5", NEXT)) == ["Meta Ads, act_12, 18 Nov: not read yet at 19 Nov 06:00"]
