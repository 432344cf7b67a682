"""A log in memory, as small as the revisions need it."""

from ingest.log import Entry


class MemoryLog:
    def __init__(self):
        self.kept = {}

    def append(self, records, *, urgent=False):
        offsets = []
        for record in records:
            entries = self.kept.setdefault((record.topic, record.partition), [])
            offsets.append(len(entries))
            entries.append(Entry(record.topic, record.partition, len(entries), 0, record.key, record.value, record.headers))
        return offsets

    def read(self, topic, partition, offset, limit=500):
        return self.kept.get((topic, partition), [])[offset : offset + limit]

    def bounds(self, topic, partition):
        return 0, len(self.kept.get((topic, partition), []))
