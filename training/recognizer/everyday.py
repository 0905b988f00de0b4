"""Words and rules for the templates of `text/everyday.*.txt`."""

EN_RULES = {
    "please": "[please|can you|could you please|hey]",
    "on": "(turn|switch|power) on|activate|enable|start",
    "off": "(turn|switch|power) off|deactivate|disable|stop|kill",
    "where": "(in|for) the {area}",
    "minutes": "{count} (minute|minutes|seconds|hours)",
    "when": "today|tonight|tomorrow|this evening|this weekend|on {day}|next week|this afternoon",
}
EN_COVERS = [
    "blinds",
    "curtains",
    "shutters",
    "windows",
    "shades",
    "garage doors",
    "doors",
    "awnings",
]
EN_GENRES = [
    "jazz", "rock", "classical music", "pop", "country", "blues", "hip hop", "soul", "techno",
    "lullabies", "christmas songs", "piano music", "something quiet", "dance music",
]  # fmt: skip
EN_LISTS = [
    "shopping",
    "grocery",
    "to do",
    "packing",
    "wish",
    "birthday",
    "work",
    "party",
    "chores",
]
EN_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
EN_VERBS = [
    "call", "water", "buy", "pick up", "clean", "check", "fix", "return", "wash", "feed", "pay",
    "bring", "take out", "cancel", "order", "charge", "empty", "print", "move",
]  # fmt: skip
EN_COLORS = [
    "red", "green", "blue", "white", "yellow", "orange", "purple", "pink", "turquoise", "cyan",
    "magenta", "violet", "lavender", "gold", "warm white", "cool white", "daylight", "lime",
    "teal", "indigo", "salmon", "coral", "crimson", "olive", "brown", "aqua", "navy blue",
]  # fmt: skip

ZH_RULES = {
    "please": "[请|帮我|麻烦|给我|请帮我]",
    "on": "打开|开启|启动|开一下|点亮",
    "off": "关闭|关掉|关上|关了|停掉",
    "when": "今天|明天|后天|今晚|明早|这个周末|下周|星期{day}|周{day}|下午|晚上",
    "span": "{count}(分钟|秒|小时|个小时)",
    "bit": "[一点|一些|一点儿]",
}
ZH_COLORS = [
    "红色", "绿色", "蓝色", "白色", "黄色", "紫色", "橙色", "粉色", "暖白色", "暖光", "冷光",
    "青色", "金色", "天蓝色", "深蓝色", "浅绿色", "玫红色", "棕色", "自然光", "日光", "淡紫色",
]  # fmt: skip
ZH_VERBS = [
    "吃药", "喝水", "开会", "浇花", "倒垃圾", "接孩子", "打电话", "交电费", "取快递", "写作业",
    "关火", "买菜", "运动", "遛狗", "洗澡", "收衣服", "出门", "睡觉", "做饭", "还书", "缴费",
    "量血压",
]  # fmt: skip
ZH_DAYS = ["一", "二", "三", "四", "五", "六", "日", "天"]
