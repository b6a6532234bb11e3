"""Accounts to judge a judge with: two years of campaigns that behave, with promotions, budget steps and pauses in them.

The ingredients and their sizes are those of the benchmark protocol in the product's domain notes; the generator itself
is our own. The same seed gives the same account.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.random import Generator

from expectations.declare.promotions import Promotion
from expectations.judge.ladder.panel import Floats, Panel, allowance

DAYS = 730
FIRST = date(2024, 7, 1)
CHANNELS = ("google_search", "google_shopping", "meta", "tiktok", "linkedin")


@dataclass(frozen=True)
class Flavour:
    """What kind of accounts: the usual ones are those of the protocol, the others see whether they were overfitted."""

    campaigns: tuple[int, int] = (6, 20)
    noise: float = 1.0  # times the usual noise of demand, channels and campaigns
    price_noise: float = 1.0
    weekday: float = 0.12  # standard deviation of the weekdays, in logarithms
    weekend: float = 1.0  # share of the spend that is left on Saturdays and Sundays; 0: none, and no rows
    season: float = 0.0  # half of the yearly swing, in logarithms


FLAVOURS = {
    "usual": Flavour(),
    "noisier": Flavour(noise=1.5, price_noise=2.0),
    "fewer campaigns": Flavour(campaigns=(1, 5)),
    "strong weekdays": Flavour(weekday=0.35, season=0.3),
    "offices only": Flavour(weekend=0.0),
}


def calendar(years: tuple[int, ...] = (2024, 2025, 2026)) -> tuple[Promotion, ...]:
    """The days that a retailer registers beforehand."""
    return tuple(event for year in years for event in _of_year(year))


def _of_year(year: int) -> tuple[Promotion, ...]:
    fourth_thursday = [d for d in range(1, 31) if date(year, 11, d).weekday() == 3][3]
    friday = date(year, 11, fourth_thursday) + timedelta(days=1)
    return (
        Promotion(date(year, 2, 12), date(year, 2, 14), "Valentine's Day", 1.7),
        Promotion(date(year, 5, 7), date(year, 5, 10), "Mother's Day", 1.7),
        Promotion(date(year, 7, 15), date(year, 7, 16), "Prime days", 2.2),
        Promotion(friday - timedelta(days=4), friday + timedelta(days=3), "Black Friday week", 4.0),
        Promotion(date(year, 12, 24), date(year, 12, 27), "Christmas", 0.5),
    )


def account(seed: int, flavour: Flavour = FLAVOURS["usual"]) -> Panel:
    """One account of five channels with 6 to 20 campaigns each (or as the flavour says), 730 days, without a fault."""
    rng = np.random.default_rng(seed)
    days = tuple(FIRST + timedelta(days=n) for n in range(DAYS))
    moves = flavour.noise * _ar1(rng, 1, 0.6, rng.uniform(0.03, 0.08))[:, 0]
    demand = moves + _promotions(rng) + _occasions(rng, days) + _year(days, flavour)
    spend, clicks, channel = [], [], []
    for number in range(len(CHANNELS)):
        logs, price = _channel(rng, days, demand, flavour)
        channel += [number] * logs.shape[1]
        spend.append(np.exp(logs))
        clicks.append(np.exp(logs - price))
    spent = np.concatenate(spend, axis=1).round(2)
    clicked = np.concatenate(clicks, axis=1).round()
    spent[clicked == 0] = 0.0
    closed = np.array([flavour.weekend == 0 and day.weekday() >= 5 for day in days])
    for amounts in (spent, clicked):
        amounts[closed] = np.nan
    up, down = allowance(days, calendar())
    return Panel(
        account=f"account {seed}",
        days=days,
        channels=CHANNELS,
        channel=np.array(channel),
        rows=(~np.isnan(spent)).astype(np.int64),
        spend=spent,
        clicks=clicked,
        impressions=(clicked * np.exp(_ar1(rng, spent.shape[1], 0.5, 0.05)) * 40).round(),
        up=up,
        down=down,
    )


def _channel(rng: Generator, days: tuple[date, ...], demand: Floats, flavour: Flavour) -> tuple[Floats, Floats]:
    """Logarithms of spend and of the price of a click, (days, campaigns)."""
    campaigns = int(rng.integers(flavour.campaigns[0], flavour.campaigns[1] + 1))
    weekday = rng.normal(0, flavour.weekday, 7)[[day.weekday() for day in days]]
    moves = _ar1(rng, 1, 0.6, flavour.noise * rng.uniform(0.03, 0.15))[:, 0] + np.cumsum(rng.normal(0, 0.006, DAYS))
    shared = demand + weekday + moves + _steps(rng, 1.5) + _month_end(rng, days)
    size = rng.normal(np.log(400), 0.9, campaigns)
    own = flavour.noise * _ar1(rng, campaigns, 0.5, rng.uniform(0.12, 0.40, campaigns), heavy=True)
    steps = np.stack([_steps(rng, 3.0) + _pauses(rng) for _ in range(campaigns)], axis=1)
    price = np.log(rng.uniform(0.4, 3.0, campaigns)) + np.cumsum(rng.normal(0, 0.004, (DAYS, campaigns)), axis=0)
    price = price + flavour.price_noise * (_ar1(rng, campaigns, 0.5, 0.06) + _ar1(rng, 1, 0.5, 0.02))
    return size + shared[:, None] + own + steps, price


def _ar1(rng: Generator, series: int, keep: float, sd: float | Floats, *, heavy: bool = False) -> Floats:
    """Autoregressive noise with this standard deviation; heavy tails by Student's t with 5 degrees."""
    drawn = rng.standard_t(5, (DAYS, series)) / np.sqrt(5 / 3) if heavy else rng.normal(size=(DAYS, series))
    found = np.zeros((DAYS, series))
    for day in range(1, DAYS):
        found[day] = keep * found[day - 1] + np.sqrt(1 - keep**2) * drawn[day]
    return found * sd


def _steps(rng: Generator, a_year: float) -> Floats:
    """Budget changes: a factor of 0.6 to 1.7 that stays."""
    jumps = np.zeros(DAYS)
    for _ in range(rng.poisson(a_year * DAYS / 365)):
        jumps[rng.integers(0, DAYS)] += np.log(rng.uniform(0.6, 1.7))
    moved: Floats = np.cumsum(jumps) - np.cumsum(jumps).mean()
    return moved


def _pauses(rng: Generator) -> Floats:
    """Once a year a campaign stops for some weeks."""
    found = np.zeros(DAYS)
    for _ in range(rng.poisson(1.0 * DAYS / 365)):
        start = int(rng.integers(0, DAYS))
        found[start : start + int(rng.integers(7, 40))] = -30.0
    return found


def _month_end(rng: Generator, days: tuple[date, ...]) -> Floats:
    """A fifth of the channels run out of budget in the last days of a month."""
    if rng.random() > 0.2:
        return np.zeros(DAYS)
    last = np.array([(day + timedelta(days=2)).month != day.month for day in days])
    return np.where(last, np.log(rng.uniform(0.5, 0.8)), 0.0)


def _promotions(rng: Generator) -> Floats:
    """Five a year that nobody registered: 1.3 to 1.8 times for two to four days."""
    found = np.zeros(DAYS)
    for _ in range(rng.poisson(5 * DAYS / 365)):
        start = int(rng.integers(0, DAYS))
        found[start : start + int(rng.integers(2, 5))] += np.log(rng.uniform(1.3, 1.8))
    return found


def _occasions(rng: Generator, days: tuple[date, ...]) -> Floats:
    """What the registered events really do: as a rule less than the calendar allows."""
    found = np.zeros(len(days))
    real = {"Black Friday week": (1.8, 3.0), "Prime days": (1.3, 2.0), "Christmas": (0.5, 0.8)}
    for event in calendar():
        low, high = real.get(event.name, (1.1, 1.5))
        inside = np.array([event.first <= day <= event.last for day in days])
        found[inside] += np.log(rng.uniform(low, high))
    return found


def _year(days: tuple[date, ...], flavour: Flavour) -> Floats:
    """A slow swing over the year, highest in November."""
    return flavour.season * np.cos(2 * np.pi * (np.array([day.timetuple().tm_yday for day in days]) - 330) / 365.25)
