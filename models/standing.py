"""What models find at present, for the models that hear them."""

from collections.abc import Iterable

from models.model import Finding


class Findings:
    """The findings that are not over, of the models that somebody hears: by model and subject, in the order in which these were first found."""

    def __init__(self, heard: Iterable[str], known: Iterable[Finding] = ()) -> None:
        self._of: dict[str, dict[str, Finding]] = {model: {} for model in heard}
        for finding in known:
            self.note(finding)

    def note(self, finding: Finding) -> None:
        of = self._of.get(finding.model)
        if of is None:
            return
        if finding.level == "over":
            of.pop(finding.subject, None)
        else:
            of[finding.subject] = finding

    def of(self, model: str) -> tuple[Finding, ...]:
        """Of one model. Raises KeyError where nobody declared to hear it."""
        return tuple(self._of[model].values())

    def all(self) -> list[Finding]:
        return [finding for of in self._of.values() for finding in of.values()]

    def hear(self, models: Iterable[str]) -> None:
        """From now on these models are heard."""
        self._of = {model: self._of.get(model, {}) for model in models}
