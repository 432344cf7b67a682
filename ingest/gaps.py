"""What the broker dropped of the bulk, counted from holes in devices' `seq`."""

from ingest.events import Event

PATIENCE = 60_000  # ms that a hole may stay before it counts: urgent and bulk travel apart
_HOLES = 200  # kept a device


class Gaps:
    def __init__(self) -> None:
        self._last: dict[str, tuple[int | str | None, int]] = {}
        self._holes: dict[str, dict[int, int]] = {}  # device -> missing seq -> ms when noticed
        self._many: dict[str, int] = {}  # device -> missing beyond what is kept one by one

    def note(self, event: Event) -> None:
        seq = event.seq
        if seq is None:
            return
        device, boot = event.device, event.boot
        known = self._last.get(device)
        if known is None or known[0] != boot:
            self._last[device] = (boot, seq)
            return
        last = known[1]
        if seq == last + 1:
            self._last[device] = (boot, seq)
        elif seq > last:
            self._last[device] = (boot, seq)
            self._open(device, last + 1, seq, event.received)
        elif device in self._holes:
            self._holes[device].pop(seq, None)

    def _open(self, device: str, low: int, high: int, at: int) -> None:
        holes = self._holes.setdefault(device, {})
        kept = min(high - low, _HOLES - len(holes))
        for seq in range(low, low + kept):
            holes[seq] = at
        if high - low > kept:
            self._many[device] = self._many.get(device, 0) + high - low - kept

    def lost(self, now: int) -> dict[str, int]:
        """Device -> messages that have been missing for `PATIENCE`, each told once."""
        found, self._many = self._many, {}
        for device, holes in list(self._holes.items()):
            old = [seq for seq, at in holes.items() if now - at >= PATIENCE]
            for seq in old:
                del holes[seq]
            if old:
                found[device] = found.get(device, 0) + len(old)
            if not holes:
                del self._holes[device]
        return found
