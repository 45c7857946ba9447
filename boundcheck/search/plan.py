"""Which widths to try next: doubling until one looks good, then bisection, then enough seeds to be sure.

The plan sees counts only. Failure is shown by few seeds and success by many, so bisection goes on below a width
that merely looks successful, and only the smallest such width is given the seeds that show it to succeed; if that
fails, the search moves up again. A width is settled once its verdict is known or its seeds are spent; one that
stays undecided is stepped around: the search narrows down the smallest width shown to succeed above it and the
largest shown to fail below it. Widths above the answer that look worse than the target are followed up, so that success
that is not monotone in the width is found and not assumed away.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from boundcheck.search.statistics import Outcome, SuccessTest

_FIRST_WIDTHS = 32  # these are tried at once: together they cost little more than the widest
_FIRST_SEEDS = 4  # four failures show a success probability below 0.9 at the usual confidence
_LIKELY_SEEDS = 16
_LEAST_NEURONS = 4  # a network takes the place of this many at least
_GROWTH = 4
_NEAR = 4


def doubling_widths(max_width: int) -> list[int]:
    """2, 4, 8, ... and max_width, which is even."""
    powers = [2**k for k in range(1, max_width.bit_length() + 1) if 2**k < max_width]
    return [*powers, max_width]


def most_widths(max_width: int) -> int:
    """How many widths a search may try: all doublings and two bisections between neighbouring ones."""
    return 3 * len(doubling_widths(max_width))


def middle(low: int, high: int) -> int:
    """The even width half-way between two even widths at least 4 apart."""
    return 2 * ((low + high) // 4)


@dataclass(frozen=True)
class Count:
    """Seeds run and succeeded at one width so far, and what they show."""

    seeds: int = 0
    successes: int = 0
    verdict: Outcome = "undecided"


_NONE = Count()


@dataclass
class Plan:
    """The state of a search: ask for a `next_round`, run it, `record` what came out, until nothing is asked for.

    tile: neurons that are trained together; in a round of fewer, further seeds cost next to nothing.
    """

    test: SuccessTest
    max_width: int
    max_seeds: int
    tile: int
    counts: dict[int, Count] = field(default_factory=dict)

    def record(self, width: int, seeds: int, successes: int) -> None:
        """Enter the totals at a width."""
        self.counts[width] = Count(seeds, successes, self.test.verdict(seeds, successes))

    @cached_property
    def _proof_seeds(self) -> int:
        """How many seeds show success if all of them succeed."""
        return self.test.seeds_for_verdict(1, 1, self.max_seeds + 1)

    @property
    def smallest_success(self) -> int | None:
        """The smallest width shown to succeed."""
        return min((w for w, count in self.counts.items() if count.verdict == "succeeds"), default=None)

    @property
    def largest_failure(self) -> int:
        """The largest width shown to fail below the smallest one shown to succeed; 0, no neurons, always fails."""
        limit = self.smallest_success or self.max_width + 1
        return max((w for w, count in self.counts.items() if w < limit and count.verdict == "fails"), default=0)

    @property
    def undecided(self) -> tuple[int, ...]:
        """Widths tried between the two, of which the seeds show neither."""
        limit = self.smallest_success or self.max_width + 1
        return tuple(sorted(w for w in self.counts if self.largest_failure < w < limit))

    @property
    def non_monotone(self) -> tuple[tuple[int, int], ...]:
        """Every (width shown to succeed, next wider width shown to fail)."""
        known = [(w, self.counts[w].verdict) for w in sorted(self.counts) if self.counts[w].verdict != "undecided"]
        return tuple((a, b) for (a, one), (b, other) in pairwise(known) if (one, other) == ("succeeds", "fails"))

    def neurons_left(self, running: Collection[tuple[int, int]] = ()) -> float:
        """Neurons still to train, roughly, given the (width, seed) already done in this round.

        The seeds that would show the likely answer to succeed (or the smallest doubling width that may), and a few
        seeds at every width of the bisection down to the largest failure.
        """
        hopeful = [w for w in doubling_widths(self.max_width) if not self._settled(w) and self._promising(w)]
        likely = [w for w, count in self.counts.items() if count.seeds and (self._probable(w) or self._promising(w))]
        answer = min([*likely, *hopeful], default=self.max_width)
        gap = (answer - self.largest_failure) / max(2, answer // _NEAR)
        done = self.counts.get(answer, _NONE).seeds + sum(w == answer for w, _ in running)
        looks = max(0, math.ceil(math.log2(gap))) if gap > 1 else 0
        return float(answer * (max(self._proof_seeds - done, 0) + looks * _LIKELY_SEEDS))

    def next_round(self) -> Mapping[int, int]:
        """New total number of seeds for each width of the next round; empty when nothing is left to try."""
        widths = [w for w in self._widths_next() if self._allowed(w)]
        return {w: self._seeds_next(w, self.tile // (max(w, _LEAST_NEURONS) * len(widths))) for w in widths}

    def _widths_next(self) -> list[int]:
        if not self.counts:
            return [w for w in doubling_widths(self.max_width) if w <= _FIRST_WIDTHS] or [self.max_width]
        probable = min((w for w in self.counts if self._probable(w)), default=None)
        return self._doubling() if probable is None else self._below(probable) or self._above(probable)

    def _allowed(self, width: int) -> bool:
        """Whether it may be tried: every width has its share of the error probability, so their number is limited."""
        return width in self.counts or len(self.counts) < most_widths(self.max_width)

    def _settled(self, width: int) -> bool:
        count = self.counts.get(width, _NONE)
        return count.verdict != "undecided" or count.seeds >= self.max_seeds

    def _promising(self, width: int) -> bool:
        """Whether the observed success rate, if any, reaches the target."""
        count = self.counts.get(width, _NONE)
        return count.successes >= self.test.target * count.seeds

    def _probable(self, width: int) -> bool:
        """Whether to look for smaller widths before spending the seeds that show this one to succeed."""
        if self._settled(width):
            return self.counts[width].verdict == "succeeds"
        return self._promising(width) and self.counts[width].seeds >= _LIKELY_SEEDS

    def _seeds_next(self, width: int, free: int) -> int:
        """The total at which a verdict is due at the observed rate, within 1.25 to 4 times the seeds so far.

        `free` more seeds are worth looking ahead for in any case.
        """
        count = self.counts.get(width, _NONE)
        if not count.seeds:
            return min(max(_FIRST_SEEDS, min(free, self._proof_seeds)), self.max_seeds)
        horizon = count.seeds + max(free, (_GROWTH - 1) * count.seeds)
        due = self.test.seeds_for_verdict(count.seeds, count.successes, horizon)
        return min(max(due, math.ceil(1.25 * count.seeds)), self.max_seeds)

    def _doubling(self) -> list[int]:
        """The smallest doubling width that may succeed, and a first look at the two beyond it if a tile holds that."""
        open_widths = [w for w in doubling_widths(self.max_width) if not self._settled(w)]
        if not open_widths:
            return []
        candidate = next((w for w in open_widths if self._promising(w)), open_widths[-1])
        return [candidate, *(w for w in self._unseen(candidate) if _FIRST_SEEDS * w <= self.tile)]

    def _below(self, probable: int) -> list[int]:
        """Bisect below `probable`, then give it the seeds that settle it, then bisect around undecided widths."""
        settled = [0, *(w for w in self.counts if w < probable and self._settled(w))]
        neighbour, failure = max(settled), self.largest_failure
        if not self._close(neighbour, probable, clear=neighbour == failure):
            between = middle(neighbour, probable)
            if self._allowed(between):
                return [between]
        if not self._settled(probable):
            return [probable]
        doubtful = min((w for w in settled if w > failure), default=probable)
        return [] if self._close(failure, doubtful, clear=doubtful == probable) else [middle(failure, doubtful)]

    def _close(self, low: int, high: int, *, clear: bool) -> bool:
        """Whether nothing need be tried between two widths: they are neighbours, or near with one left undecided.

        Widths near one that all its seeds leave undecided are as hard to decide.
        """
        return high - low <= (2 if clear else max(2, high // _NEAR))

    def _above(self, success: int) -> list[int]:
        """Widths above the answer that were not looked at yet, or that look worse than the target."""
        doubted = [w for w in self.counts if w > success and not self._settled(w) and not self._promising(w)]
        return [*self._unseen(success), *doubted]

    def _unseen(self, width: int) -> list[int]:
        """Doubling widths in (width, 4 width] without seeds."""
        return [w for w in doubling_widths(self.max_width) if width < w <= 4 * width and w not in self.counts]
