"""What an alert says, in Chinese and English, from its model, reason code and place. Words as in the glossary."""

from collections.abc import Mapping
from typing import Any

from alerts.alert import Bilingual
from ingest.site import Site
from ingest.system_codes import SYSTEM_CODES
from models.model import Finding

MODELS: dict[str, tuple[str, str]] = {
    "M01": ("一键报警", "SOS call"), "M02": ("“海岸卫士”设备异常", "Call-box fault"), "M03": ("岸线监控盲区", "Shoreline blind spot"),
    "M04": ("封闭区域闯入", "Closed-zone entry"), "M05": ("涉私风险点徘徊", "Loitering at a risk point"),
    "M06": ("船只非指定点靠岸", "Landing outside a berth"), "M07": ("夜间岸边可疑车辆", "Vehicles ashore at night"),
    "M08": ("景区客流超限", "Scenic-spot crowding"), "M09": ("人员落水", "Person in the water"), "M10": ("涨潮被困", "Tide stranding"),
    "M11": ("“三无”/套牌船舶", "Unregistered or cloned vessel"), "M12": ("船舶定位中断", "Position silence"),
    "M13": ("海上异常靠帮/过驳", "Rendezvous, transfer at sea"), "M14": ("越界/闯入禁航区", "Boundary, forbidden zone"),
    "M15": ("未报告出海/逾期未归", "Unreported trip, overdue"), "M16": ("违反“五不出海”", "Sailing against a ban"),
    "M17": ("恶劣海况天气", "Sea state and weather"), "SYS": ("系统自检", "System"), "INC": ("警情", "Incident"),
}  # fmt: skip

# (model, code) -> zh, en; {where} is the subject's name, the rest are the finding's values. What a value lacks is "?".
REASONS: dict[tuple[str, str], tuple[str, str]] = {
    ("M01", "pressed"): ("{where} 号报警箱一键报警", "SOS pressed at call box {where}"),
    ("M01", "call_back"): ("{where} 号报警箱一键报警,24 小时前按下,请回访", "SOS at call box {where}, pressed over 24 h ago: call back"),
    ("M01", "beacon"): ("{where} 遇险示位标报警", "distress beacon {where}"),
    ("M01", "beacon_moving"): ("{where} 遇险示位标移动中,可能在船上({sog} 节)", "distress beacon {where} moving at {sog} kn, perhaps aboard"),
    ("M01", "beacon_test"): ("{where} 示位标测试", "beacon {where}: test"),
    ("M02", "silent"): ("{where} 号设备离线", "device {where} offline"),
    ("M02", "receiver_down"): ("{where} 接收站离线,其覆盖的船舶定位不可判断", "receiver {where} down: vessels it hears cannot be judged"),
    ("M02", "tamper"): ("{where} 号设备防拆告警:箱门被打开", "tamper at {where}: door open"),
    ("M02", "tilt"): ("{where} 号设备防拆告警:箱体倾斜", "tamper at {where}: tilted"),
    ("M02", "battery"): ("{where} 号设备电量低", "device {where}: battery low"),
    ("M02", "battery_trend"): ("{where} 号设备电量将在日出前耗尽", "device {where}: battery empty before sunrise"),
    ("M02", "clock"): ("{where} 号设备时钟异常", "device {where}: clock fault"),
    ("M02", "restarts"): ("{where} 号设备频繁重启({restarts} 次/日)", "device {where} restarts often ({restarts} a day)"),
    ("M02", "selftest"): ("{where} 号设备自检失败({loop})", "device {where}: self-test failed ({loop})"),
    ("M02", "segment_outage"): ("{where} 岸段 {devices} 台设备同时离线(网络或供电)", "{devices} devices of segment {where} offline (network or power)"),
    ("M02", "sensor_missing"): (
        "传感器 {sensor} 已 {minutes} 分钟无{what_zh}数据(最后值 {value})", "sensor {sensor}: no {what_en} for {minutes} min, last {value}",
    ),
    ("M02", "sensor_stuck"): (
        "传感器 {sensor} 的{what_zh}读数 {minutes} 分钟不变({value})", "sensor {sensor}: {what_en} the same for {minutes} min, {value}",
    ),
    ("M02", "sensor_range"): ("传感器 {sensor} 的{what_zh}读数超出可能范围", "sensor {sensor}: {what_en} out of any range that can be"),
    ("M02", "sensor_jumps"): ("传感器 {sensor} 的{what_zh}读数不合理跳变", "sensor {sensor}: {what_en} jumps faster than it can"),
    ("M02", "unheard"): ("{devices} 台设备从未上线", "{devices} devices never heard"),
    ("M03", "light"): ("岸灯故障:已开灯但电流不足一半", "shore light failed: sent on, draws less than half its current"),
    ("M03", "too_dark"): ("摄像机画面过暗", "camera blind: too dark"), ("M03", "too_bright"): ("摄像机画面过亮", "camera blind: too bright"),
    ("M03", "too_blurry"): ("摄像机画面模糊", "camera blind: blurred"), ("M03", "frozen"): ("摄像机画面冻结", "camera blind: its picture is frozen"),
    ("M03", "turned_away"): ("摄像机视角被移动", "camera turned away from what it watches"),
    ("M03", "no_frames"): ("摄像机在线但无图像", "camera lives but sends no frames"),
    ("M03", "both"): ("岸段灯光与摄像机同时失效", "light and camera of this stretch both failed"),
    ("M03", "environment"): ("多数摄像机画面模糊,可能是雨、雾或浪花", "Most cameras are blurred: rain, fog or spray"),
    ("M03", "dark_shore"): ("连续 {segments} 段约 {metres} 米岸线夜间无灯无视频,请派巡逻", "{segments} stretches, {metres} m of shore, dark and unseen: send a patrol"),
    ("M03", "feeder"): ("供电回路 {feeder} 故障:{segments} 个岸段灯光或摄像机失效", "feeder {feeder}: lights or cameras of {segments} stretches failed together"),
    ("M04", "entered"): ("{zone_zh}有人闯入({persons} 人,车辆 {vehicles})", "{zone_en} entered: {persons} persons, {vehicles} vehicles"),
    ("M04", "entered_at_night"): (
        "{zone_zh}夜间有人闯入({persons} 人,车辆 {vehicles})", "{zone_en} entered at night: {persons} persons, {vehicles} vehicles",
    ),
    ("M04", "stays"): (
        "{zone_zh}闯入人员经喊话仍未离开,已 {seconds} 秒({persons} 人,车辆 {vehicles})",
        "{zone_en}: still inside {seconds} s after the first voice, {persons} persons, {vehicles} vehicles",
    ),
    ("M05", "loiters"): ("{zone_zh}有人徘徊 {minutes} 分钟({persons} 人),请视频核查", "{zone_en}: {persons} staying for {minutes} min, check by camera"),
    ("M05", "gathered"): ("{zone_zh}有 {persons} 人聚集 {minutes} 分钟,请视频核查", "{zone_en}: {persons} persons together for {minutes} min, check by camera"),
    ("M05", "with_landing"): (
        "{zone_zh}有人徘徊({persons} 人,{minutes} 分钟),附近有船靠岸或可疑车辆", "{zone_en}: {persons} staying for {minutes} min, and a landing or vehicles near",
    ),
    ("M06", "comes_in"): ("有{boat_zh}驶向岸边,距岸 {metres} 米", "{boat_en} comes for the shore, {metres} m off"),
    ("M06", "races_in"): ("有{boat_zh}高速驶向岸边,距岸 {metres} 米", "{boat_en} races for the shore, {metres} m off"),
    ("M06", "lands"): ("{boat_zh}在非指定点靠岸 {minutes} 分钟", "{boat_en} lies ashore outside a berth for {minutes} min"),
    ("M06", "persons_land"): ("{boat_zh}在非指定点靠岸,{persons} 人上岸", "{boat_en} lies ashore outside a berth, {persons} persons landed"),
    ("M06", "landing"): (
        "{boat_zh}夜间靠岸,{persons} 人上岸,疑似偷渡走私,立即派警", "a landing in progress: {persons} persons from {boat_en}, send a patrol",
    ),
    ("M07", "stands"): ("岸边夜间停有车辆 {minutes} 分钟,请视频核查", "a vehicle stands by the shore for {minutes} min at night, check by camera"),
    ("M07", "several"): ("岸边夜间聚集车辆 {vehicles} 台,请视频核查", "{vehicles} vehicles stand by the shore at night, check by camera"),
    ("M07", "heavy"): (
        "岸边夜间停有货车/吊车 {heavy} 台(共 {vehicles} 台),请视频核查", "{heavy} trucks or cranes by the shore at night ({vehicles} vehicles), check by camera",
    ),
    ("M07", "transfer"): (
        "岸海接驳:岸边车辆 {vehicles} 台,附近有船靠岸或过驳,立即派警", "vehicles meet boats: {vehicles} ashore, a landing or rendezvous within reach: send a patrol",
    ),
    ("M08", "busy"): ("{zone_zh}客流 {persons} 人,达核定容量的 {percent}%", "{zone_en}: {persons} persons, {percent} % of what it is approved for"),
    ("M08", "full"): (
        "{zone_zh}客流超限:{persons} 人,核定 {capacity} 人({percent}%)", "{zone_en} is over its capacity: {persons} persons, approved for {capacity} ({percent} %)",
    ),
    ("M08", "narrow"): ("{zone_zh}沙滩拥挤:{persons} 人,人均 {room} 平方米", "{zone_en} is crowded: {persons} persons, {room} m² for each"),
    ("M08", "dense"): ("{zone_zh}人群密集:局部每平方米 {density} 人,共 {persons} 人", "{zone_en}: {density} persons a square metre at the densest place, {persons} in all"),
    ("M08", "contact"): (
        "{zone_zh}人群拥挤:局部每平方米 {density} 人,人已相互接触,请分流", "{zone_en}: {density} persons a square metre, people touch: lead them apart",
    ),
    ("M08", "crush"): ("{zone_zh}有踩踏危险:局部每平方米 {density} 人,立即分流", "{zone_en}: danger of a crush, {density} persons a square metre: lead them apart at once"),
    ("M09", "confirm"): ("疑似人员落水,请立即视频确认(20 秒未答升为红色)", "a person in the water? Confirm by camera now; red if nobody answers in 20 s"),
    ("M09", "doubtful"): ("水面有疑似人形目标,请视频确认", "something like a person in the water, confirm by camera"),
    ("M09", "unanswered"): ("疑似人员落水,无人确认,按落水处置(119/12395)", "a person in the water, unconfirmed: treat it as one (119, 12395)"),
    ("M09", "press"): ("人员落水,附近报警箱 {sign} 有人报警(119/12395)", "a person in the water, and SOS pressed at {sign} (119, 12395)"),
    ("M09", "lifebuoy"): ("人员落水,附近 {sign} 救生圈被取用(119/12395)", "a person in the water, and the lifebuoy at {sign} taken (119, 12395)"),
    ("M09", "two_cameras"): ("人员落水,两台摄像机同时发现(119/12395)", "a person in the water, seen by two cameras (119, 12395)"),
    ("M10", "early"): ("{zone_zh}约 {minutes} 分钟后道路淹没,未见有人,已提前广播", "{zone_en}: the way out floods in {minutes} min, nobody seen, called early"),
    ("M10", "tide_rises"): ("{zone_zh}有 {persons} 人,约 {minutes} 分钟后道路淹没", "{zone_en}: {persons} persons, the way out floods in {minutes} min"),
    ("M10", "leave_now"): (
        "{zone_zh}有 {persons} 人,约 {minutes} 分钟后道路淹没,撤离需 {walk} 分钟", "{zone_en}: {persons} persons must leave, {minutes} min left, {walk} min to walk",
    ),
    ("M10", "hurry"): (
        "{zone_zh}有 {persons} 人,仅剩 {minutes} 分钟,撤离需 {walk} 分钟,请派人", "{zone_en}: {persons} persons, only {minutes} min left for {walk} min of way: send somebody",
    ),
    ("M10", "too_late"): (
        "{zone_zh}有 {persons} 人来不及步行撤离(剩 {minutes} 分钟,需 {walk} 分钟),立即救援",
        "{zone_en}: {persons} persons cannot walk out any more ({minutes} min left, {walk} needed): rescue them",
    ),
    ("M10", "cut_off"): ("{zone_zh}道路已淹没,{persons} 人被困,立即救援", "{zone_en} is cut off, {persons} persons inside: rescue them"),
    ("M11", "unknown_name"): ("船名“{hull}”不在登记册,疑似“三无”船舶", "hull name {hull} is in no registry"),
    ("M11", "misread_name"): ("船名“{hull}”疑为“{probable}”误读,请核对", "hull name {hull}, probably {probable} misread"),
    ("M11", "copied_name"): ("船名“{hull}”疑似套牌:登记船定位在 {metres} 米外", "hull name {hull} is copied: its boat lies {metres} m away"),
    ("M11", "used_twice"): ("船舶 {where} 定位跳变 {jumps} 次,最高 {knots} 节,疑似一号多船", "vessel {where} jumped {jumps} times, up to {knots} kn: one number, two boats?"),
    ("M11", "two_names"): ("船舶 {where} 一日内两个船名:{name}、{other}", "vessel {where} gave two names in a day: {name}, {other}"),
    ("M11", "nameless"): (
        "有船长约 {length} 米的船只 {minutes} 分钟未见船名且无定位,疑似“三无”船舶", "a boat of {length} m, followed for {minutes} min, shows no name and no position of its own",
    ),
    ("M12", "silent"): ("船舶 {where} 定位中断 {minutes} 分钟", "vessel {where}: no position for {minutes} min"),
    ("M12", "silent_met"): (
        "船舶 {where} 靠帮/过驳中定位中断 {minutes} 分钟", "Vessel {where}: no position for {minutes} min, in a rendezvous",
    ),
    ("M12", "silent_overdue"): (
        "船舶 {where} 逾期未归且定位中断 {minutes} 分钟,启动搜救", "Vessel {where}: overdue, and no position for {minutes} min: search and rescue",
    ),
    ("M12", "likely_disabled"): ("船舶 {where} 定位中断 {minutes} 分钟,疑似人为关闭", "vessel {where}: no position for {minutes} min, likely disabled"),
    ("M13", "alongside"): (
        "{one_name} 与 {other_name} 在海上靠帮 {minutes} 分钟,相距 {metres} 米,疑似过驳", "{one_name} and {other_name} side by side at sea for {minutes} min, {metres} m apart: a transfer?",
    ),
    ("M13", "together"): (
        "{one_name} 与 {other_name} 在海上低速伴随 {minutes} 分钟,相距 {metres} 米", "{one_name} and {other_name} slow and together at sea for {minutes} min, {metres} m apart",
    ),
    ("M13", "one_sided"): (
        "{one_name} 在海上低速滞留,{metres} 米处有无信号船只靠近 {minutes} 分钟,疑似过驳", "{one_name} lies slow at sea, and a boat that says nothing has been {metres} m from it for {minutes} min: a transfer?",
    ),
    ("M13", "same_group"): (
        "同组船 {one_name} 与 {other_name} 在海上靠帮 {minutes} 分钟,可能互助", "{one_name} and {other_name} of one ten-ship group side by side for {minutes} min, perhaps helping",
    ),
    ("M14", "entry_predicted"): (
        "船舶 {where} 按现航向航速约 {minutes} 分钟后进入{zone_zh}({sog} 节),请呼叫", "vessel {where} enters {zone_en} in about {minutes} min at {sog} kn: call it",
    ),
    ("M14", "inside"): ("船舶 {where} 闯入{zone_zh}", "vessel {where} is inside {zone_en}"),
    ("M14", "inside_strict"): ("船舶 {where} 闯入{zone_zh}(严格禁航)", "vessel {where} is inside {zone_en}, strictly forbidden"),
    ("M14", "border_crossed"): ("船舶 {where} 越过{zone_zh}", "vessel {where} has passed {zone_en}"),
    ("M15", "unreported"): (
        "船舶 {where} 离港 {minutes} 分钟未报告出海,请船管站联系船长", "vessel {where} left harbour {minutes} min ago without a report: call the skipper",
    ),
    ("M15", "overdue"): (
        "船舶 {where} 逾期未归 {hours} 小时,船上 {persons} 人,{station_zh}", "vessel {where} overdue by {hours} h, {persons} aboard, of {station_en}",
    ),
    ("M15", "overdue_heard"): (
        "船舶 {where} 逾期 {hours} 小时,仍有定位,船上 {persons} 人", "vessel {where} late by {hours} h, still heard, {persons} aboard",
    ),
    ("M15", "overdue_silent"): (
        "船舶 {where} 逾期 {hours} 小时且定位中断,船上 {persons} 人,启动搜救", "vessel {where} overdue by {hours} h and silent, {persons} aboard: search and rescue",
    ),
    ("M15", "crew_differs"): (
        "船舶 {where} 人船不符:出海报告 {said} 人,清点 {counted} 人", "vessel {where}: {said} aboard by the report, {counted} counted",
    ),
    ("M15", "crew_over"): (
        "船舶 {where} 人船不符:报告 {said} 人,证书核定 {certificate} 人", "vessel {where}: {said} aboard, {certificate} by the certificate",
    ),
    ("M15", "out_of_group"): ("船舶 {where} 脱编:附近没有{group_zh}的船", "vessel {where} is out of its group: none of {group_en} near"),
    ("M16", "weather"): (
        "船舶 {where} 违反“五不出海”:风力 {force} 级,该船限 {rating} 级以下", "vessel {where} is out in force {force}; it must stay in from force {rating}",
    ),
    ("M16", "moratorium"): ("船舶 {where} 违反“五不出海”:休渔期({moratorium})出海", "vessel {where} is at sea in the moratorium {moratorium}"),
    ("M16", "recall"): ("船舶 {where} 未按召回令回港,已超时 {late} 分钟", "vessel {where} is {late} min late for the recall"),
    ("M16", "papers"): ("船舶 {where} 违反“五不出海”:证件、保险或检验不符({papers})", "vessel {where} is out with papers not in order: {papers}"),
    ("M16", "kit"): ("船舶 {where} 违反“五不出海”:安全设备未检查或不合格({kit})", "vessel {where} is out with kit not checked or failed: {kit}"),
    ("M16", "weather_list"): ("{station_zh}:风力 {force} 级,{out} 艘船超出适航等级仍在海上", "{station_en}: wind force {force}, {out} boats out beyond their rating"),
    ("M16", "moratorium_list"): ("{station_zh}:休渔期({moratorium})内 {out} 艘船在海上", "{station_en}: {out} boats at sea in the moratorium {moratorium}"),
    ("M16", "recall_due"): ("{station_zh}:召回令在行,尚有 {out} 艘船未回港", "{station_en}: recall, {out} boats still out"),
    ("M16", "recall_list"): ("{station_zh}:召回时限已过,仍有 {out} 艘船未回港", "{station_en}: past the recall's hour, {out} boats still out"),
    **{("M17", hazard): ("{said_zh}", "{said_en}") for hazard in ("wind", "fog", "wave", "surge", "typhoon", "thunderstorm", "tsunami")},
    ("M17", "rip"): ("{zone_zh}{said_zh}", "{zone_en}: {said_en}"),
    ("M17", "sensor_adrift"): ("{where} 浮标漂移离位,不予采信", "buoy {where} is adrift: not believed"),
    ("INC", "phone"): ("警情(电话报警)", "incident (by telephone)"),
    ("INC", "110"): ("警情(110 转警)", "incident (from 110)"),
    ("INC", "12395"): ("警情(12395 海上求救)", "incident (from 12395)"),
    ("INC", "patrol"): ("警情(巡逻发现)", "incident (seen by a patrol)"),
    ("INC", "camera"): ("警情(视频发现)", "incident (seen by camera)"),
    ("INC", "incident"): ("警情", "incident"),
    ("SYS", "seat_empty"): ("席位 {seat} 无人值守", "seat {seat} is empty"),
    ("SYS", "model_disabled"): ("预警模型 {model} 故障停用", "warning model {model} failed and is disabled"),
}  # fmt: skip


def where_of(finding: Finding) -> str:
    """The place number, else the vessel's name, else the subject as it is called."""
    if finding.place:
        return finding.place
    name = finding.values.get("name")
    return f"{name}({finding.subject})" if name else finding.subject


def text_of(site: Site, finding: Finding, *, not_drill: bool = False) -> Bilingual:
    values = _Told({"where": where_of(finding), **finding.values})
    known = REASONS.get((finding.model, finding.code))
    ours = SYSTEM_CODES.get((str(finding.values.get("part")), finding.code)) if finding.model == "SYS" else None
    if ours is not None:
        zh, en = ours.zh, ours.en
    elif known is not None:
        zh, en = (text.format_map(values) for text in known)
    else:
        model = MODELS.get(finding.model, (finding.model, finding.model))
        zh, en = f"{model[0]}:{values['where']}({finding.code})", f"{model[1]}: {values['where']} ({finding.code})"
    zh, en = _late(finding.values, finding.flags, zh, en)
    segment = site.segment.get(finding.segment)
    if segment is not None and segment.name_zh and segment.name_zh != values["where"]:
        zh = f"{segment.name_zh} {zh}"
    if segment is not None and segment.name_en and segment.name_en != values["where"]:
        en = f"{en}, {segment.name_en}"
    en = en[:1].upper() + en[1:]
    if finding.drill:
        return Bilingual(f"【演练】{zh}", f"[DRILL] {en}")
    if not_drill:
        return Bilingual(f"【非演练】{zh}", f"[NOT A DRILL] {en}")
    return Bilingual(zh, en)


def _late(values: Mapping[str, Any], flags: tuple[str, ...], zh: str, en: str) -> tuple[str, str]:
    age = values.get("age")
    if "late" in flags and isinstance(age, int):
        zh, en = f"{zh}(延迟送达:{age // 60} 分钟前按下)", f"{en} (late delivery: pressed {age // 60} min ago)"
    elif "clock" in flags:
        zh, en = f"{zh}(时钟异常,按下时间不明)", f"{en} (clock fault, age unknown)"
    if "possible_damage" in flags:
        zh, en = f"{zh},可能遭破坏", f"{en}, possible damage"
    if "nuisance" in flags:
        zh, en = f"{zh},24 小时内多次被认定为恶作剧", f"{en}, judged a nuisance several times in 24 h"
    return zh, en


class _Told(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "?"
