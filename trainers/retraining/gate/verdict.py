"""What the gate says: a verdict, and a check for each rule."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One rule.

    Attributes:
        name: the rule, such as `recall@20.not_worse`; equal in every report.
        passed: whether the rule is kept; True where it does not decide.
        measured: the number that counts; None where it could not be measured.
        allowed: the number that it is compared with; None where there is none.
        sentence: both in words.
        decides: False for what is only reported.
    """

    name: str
    passed: bool
    measured: float | None
    allowed: float | None
    sentence: str
    decides: bool = True


@dataclass(frozen=True)
class Verdict:
    """Whether the challenger may be published, and why.

    Attributes:
        checks: of every rule that was looked at, in the order of the report.
        users: different users of the window.
        queries: queries of the window.
        first: True where there was no champion.
        seed: of the resamples.
    """

    checks: tuple[Check, ...]
    users: int
    queries: int
    first: bool
    seed: int

    @property
    def passed(self) -> bool:
        """True when there are rules that decide, and all of them are kept."""
        return bool(self._deciding) and not self.broken

    @property
    def broken(self) -> tuple[Check, ...]:
        """The rules that are not kept."""
        return tuple(check for check in self.checks if not check.passed)

    @property
    def reason(self) -> str:
        """Why it passed or failed, in a sentence."""
        if self.passed:
            against = "There is no champion" if self.first else "Within its margins of the champion"
            return f"{against}, and all {len(self._deciding)} rules are kept."
        names = ", ".join(check.name for check in self.broken)
        return f"{len(self.broken)} of {len(self._deciding)} rules are broken: {names}."

    @property
    def _deciding(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.decides)
