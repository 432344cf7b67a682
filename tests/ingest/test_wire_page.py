"""The reference page names every kind, field and reason."""

from ingest.events import KINDS, OURS
from ingest.refusals import REASONS
from ingest.wire_page import page


def test_the_page_names_every_kind_with_units_and_every_reason():
    text = page()
    assert "\n### nmea\n" in text
    for row in KINDS:
        kind = row.__struct_config__.tag
        assert (f"\n### {kind}" in text) == (kind not in OURS)
    assert all(f"| `{code}` |" in text for code in REASONS)
    assert "| `battery` | number | 1 | 0 … 1 |" in text
    assert "| `objects.class` |" in text
    assert "| `position` | [longitude, latitude] | deg |" in text
    assert "`raw`" not in text
