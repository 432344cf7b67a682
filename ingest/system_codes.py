"""The table of what our own processes may say of themselves: one row a code, read by the fold (level), the docs and the room's response card.

`part` and `code` are those of a `system` event. A row without an own `clear` event says what ends its alert.
"""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from ingest.events import Level

Part = Literal["bridge", "processor", "recorder", "deliverer", "console", "broker", "simulator", "log", "machine"]


class SystemCode(Struct, frozen=True):
    part: Part
    code: str
    level: Level
    zh: str
    en: str
    clears: str
    do: str


_PROCESSES: tuple[tuple[Part, Level, str], ...] = (
    ("bridge", "orange", "接入"), ("processor", "orange", "研判"), ("recorder", "yellow", "记录"), ("deliverer", "orange", "推送"),
    ("console", "orange", "值守页面"), ("broker", "orange", "消息总线"), ("simulator", "blue", "模拟器"),
)  # fmt: skip
_CRASHED = tuple(
    SystemCode(
        part,
        "crashed",
        level,
        f"{name_zh}进程意外退出",
        f"the {part} stopped unexpectedly",
        "it runs again for a minute",
        "read its last lines, then run doctor",
    )
    for part, level, name_zh in _PROCESSES
)

CODES: tuple[SystemCode, ...] = (
    SystemCode("bridge", "broker_lost", "orange", "与消息服务器断开", "The broker cannot be reached", "the probe comes back", "check the broker and its network"),
    SystemCode("bridge", "log_full", "red", "日志写满,仅接收报警", "The log is full: only presses are still taken", "bulk is written again", "make room on the disk"),
    SystemCode("bridge", "seq_gap", "yellow", "消息有丢失", "Messages were lost before the bridge", "an hour without a gap", "check the broker's queue limits"),
    SystemCode("bridge", "refused_flood", "yellow", "大量消息被拒收", "Many messages are refused", "ten minutes below the limit", "see which device, and why, under refused"),
    SystemCode("bridge", "no_tick", "red", "接入停止,现场消息中断", "The bridge has stopped: nothing comes in", "the bridge's ticks return", "restart the bridge; watch the coast by other means"),
    SystemCode("processor", "model_disabled", "red", "预警模型已停用", "A model failed and is switched off", "another version runs", "report it; watch by hand what it watched"),
    SystemCode("processor", "skipped", "red", "有一条记录被跳过", "A record was skipped after three stops", "a person resolves it", "read the record named; report it"),
    SystemCode("processor", "snapshot_torn", "yellow", "快照损坏,已用上一份", "A snapshot was torn: the one before was used", "a person resolves it", "check the disk"),
    SystemCode("processor", "log_lost", "red", "日志缺失,状态不完整", "The log no longer has what was to be read", "a person resolves it", "check what was open; enlarge the log"),
    SystemCode("processor", "behind", "orange", "研判滞后", "Judging is behind", "it has caught up", "check load and disk"),
    SystemCode("recorder", "store_away", "yellow", "数据库不可用,补写中", "The store is away: written later", "the store answers", "check the store"),
    SystemCode("recorder", "rejected", "yellow", "数据库拒收部分数据", "The store rejected points", "an hour without one", "see the points kept with their reasons"),
    SystemCode("deliverer", "channel_failed", "orange", "推送通道失败", "A channel to people fails", "the channel delivers again", "check the service and its secret"),
    SystemCode("deliverer", "press_unanswered", "red", "报警未生成预警,已直接通知", "A press got no alert and was paged raw", "a person resolves it", "answer the press; report it"),
    SystemCode("deliverer", "behind", "orange", "推送滞后", "Delivery is behind", "it has caught up", "check load and disk"),
    SystemCode("deliverer", "retention", "yellow", "日志未推送部分已被清除", "The log removed what was not delivered yet", "a person resolves it", "enlarge the log"),
    SystemCode("machine", "disk_full", "red", "磁盘将满", "The disk is nearly full", "there is room again", "make room"),
    SystemCode("machine", "clock_wrong", "orange", "服务器时钟错误", "The machine's clock is wrong", "the clock is right", "check time synchronisation"),
    SystemCode("log", "retention", "yellow", "日志到达上限,已清除未读部分", "The log's cap passed a reader", "a person resolves it", "enlarge the log, or mend the reader"),
    *_CRASHED,
)  # fmt: skip

SYSTEM_CODES: Mapping[tuple[str, str], SystemCode] = {(row.part, row.code): row for row in CODES}
