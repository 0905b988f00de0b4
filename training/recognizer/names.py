"""Names of rooms, devices, people and things, far beyond a usual home's.

A recognizer that has only met twenty rooms hears those twenty in everything. So names are put
together at random: an owner or a place, a property, a thing.
"""

import random

EN_PEOPLE = [
    "Alice", "Amir", "Anna", "Ben", "Bruno", "Carla", "Charlie", "Chloe", "Daniel", "Diego",
    "Ella", "Emma", "Ethan", "Felix", "Fiona", "George", "Grace", "Hannah", "Harry", "Isabel",
    "Jack", "Jasmine", "Julia", "Kevin", "Laura", "Leo", "Liam", "Lucy", "Maria", "Martin", "Max",
    "Maya", "Mia", "Nadia", "Nathan", "Nina", "Noah", "Oliver", "Oscar", "Paul", "Peter", "Priya",
    "Robin", "Rosa", "Ruby", "Sam", "Sarah", "Simon", "Sophie", "Thomas", "Tim", "Victor",
    "Wendy", "William", "Yasmin", "Zoe", "mom", "dad", "grandma", "grandpa", "the baby",
    "the kids", "the twins",
]  # fmt: skip
EN_PLACES = [
    "upper", "lower", "front", "back", "left", "right", "main", "second", "north", "south", "east",
    "west", "inner", "outer", "little", "big", "old", "new", "rear", "middle",
]  # fmt: skip
EN_AREAS = [
    "alcove", "annex", "atelier", "attic", "backyard", "bar", "barn", "basement", "bathroom",
    "bedroom", "boiler room", "breakfast nook", "cabin", "carport", "cellar", "chicken coop",
    "closet", "conservatory", "corridor", "cottage", "courtyard", "craft room", "darkroom", "deck",
    "den", "dining area", "dormitory", "dressing room", "driveway", "ensuite", "entryway",
    "family room", "first floor", "fitness room", "foyer", "front yard", "gallery", "game room",
    "gazebo", "greenhouse", "ground floor", "gym", "hall", "hobby room", "home theater", "hot tub",
    "kitchenette", "laboratory", "landing", "library", "lobby", "loft", "lounge", "mudroom",
    "music room", "orchard", "pantry", "parlor", "passage", "pergola", "playroom", "pool", "porch",
    "powder room", "reading corner", "roof", "root cellar", "sauna", "second floor", "server room",
    "sewing room", "shed", "shop", "shower", "spare room", "stables", "staircase", "storage room",
    "studio", "sunroom", "toilet", "top floor", "tower", "utility room", "veranda", "vestibule",
    "waiting room", "walk in closet", "wardrobe", "wine cellar", "winter garden", "workshop",
]  # fmt: skip
EN_ADJECTIVES = [
    "antique", "bamboo", "blue", "brass", "ceiling", "christmas", "cozy", "crystal", "curved",
    "fairy", "glass", "golden", "green", "halogen", "hanging", "motion", "neon", "outdoor", "paper",
    "purple", "rainbow", "red", "round", "salt", "silver", "smart", "solar", "standing", "striped",
    "table", "tall", "under cabinet", "vintage", "warm", "white", "wooden", "yellow",
]  # fmt: skip
EN_THINGS = [
    "aquarium", "awning", "backlight", "beamer", "bell", "boiler", "bulb", "candle", "canopy",
    "ceiling fan", "charger", "chime", "clock", "coffee machine", "cooker", "counter", "diffuser",
    "doorbell", "downlights", "dryer", "electric blanket", "espresso machine", "extractor hood",
    "feeder", "fireplace", "floodlight", "fountain", "freezer", "fridge", "game console", "gate",
    "globe", "grill", "heat pump", "heated floor", "hub", "intercom", "iron", "lantern",
    "lava lamp", "lawn mower", "leak sensor", "light bar", "light strip", "lock", "microwave",
    "mirror", "mosquito trap", "motion sensor", "pendant", "piano", "pool pump", "power strip",
    "printer", "radiator", "receiver", "record player", "rice cooker", "router", "sconce",
    "server", "sink", "siren", "skylight", "smoke detector", "soundbar", "spotlight", "stereo",
    "stove", "string lights", "subwoofer", "sunblind", "tablet", "terrarium", "thermostat",
    "toaster", "torch", "turntable", "uplight", "valve", "vent", "wall washer", "water heater",
    "water pump", "weather station", "window opener", "workbench lamp", "ventilator", "blender",
    "bidet", "air fryer", "baby monitor", "bread maker", "bug zapper", "car charger",
    "christmas tree", "dehydrator", "desk", "drapes",
]  # fmt: skip
ZH_PEOPLE = [
    "爸爸", "妈妈", "爷爷", "奶奶", "外婆", "外公", "哥哥", "姐姐", "弟弟", "妹妹", "宝宝", "孩子",
    "小明", "小红", "小华", "小雨", "小宇", "乐乐", "豆豆", "妞妞", "阿姨", "叔叔", "老王", "老李",
    "子涵", "欣怡", "浩然", "思远", "雅婷", "志强", "美玲", "建国", "晓峰", "佳琪", "俊杰", "婷婷",
]  # fmt: skip
ZH_PLACES = ["楼上", "楼下", "东边", "西边", "南边", "北边", "前面", "后面", "左边", "右边", "里面",
             "外面", "一楼", "二楼", "三楼", "四楼", "门外", "窗边", "墙角", "中间"]  # fmt: skip
ZH_AREAS = [
    "阁楼", "茶室", "棋牌室", "健身房", "储藏室", "储物间", "玄关", "门厅", "过道", "露台", "天台",
    "酒窖", "影音室", "琴房", "画室", "工作室", "洗衣房", "保姆房", "婴儿房", "女儿房", "儿子房",
    "父母房", "男孩房", "女孩房", "榻榻米", "飘窗", "吧台", "楼梯", "楼梯间", "电梯厅", "前院",
    "后院", "院落", "鱼池", "泳池", "桑拿房", "厕所", "淋浴间", "会议室", "前台", "茶水间", "仓库",
    "机房", "阳光房", "温室", "菜园", "果园", "鸡舍", "猫屋", "狗窝", "大厅", "小厅", "北阳台",
    "南阳台", "南卧", "北卧", "多功能厅", "娱乐室", "图书室", "佛堂", "杂物间", "设备间", "锅炉房",
]  # fmt: skip
ZH_THINGS = [
    "筒灯", "氛围灯", "小夜灯", "彩灯", "灯串", "镜前灯", "感应灯", "护眼灯", "水晶灯", "吊扇灯",
    "轨道灯", "线条灯", "钓鱼灯", "盐灯", "鱼缸灯", "圣诞树", "电热毯", "电暖器", "油汀", "壁炉",
    "浴霸", "排气扇", "换气扇", "吊扇", "空气循环扇", "净水器", "饮水机", "电水壶", "微波炉",
    "烤箱", "蒸箱", "冰箱", "冰柜", "酒柜", "消毒柜", "破壁机", "豆浆机", "空气炸锅", "面包机",
    "电磁炉", "燃气灶", "烘干机", "晾衣架", "晾衣机", "熨斗", "吸尘器", "拖地机", "洗地机",
    "马桶", "智能锁", "门铃", "猫眼", "对讲机", "监控", "烟雾报警器", "漏水传感器", "人体传感器",
    "温湿度计", "闹钟", "网关", "机顶盒", "回音壁", "功放", "低音炮", "唱片机", "收音机",
    "游戏机", "平板", "打印机", "充电桩", "充电器", "排插", "鱼缸", "喂食器", "饮水器", "香薰机",
    "按摩椅", "升降桌", "电动床", "沙发", "幕布", "天窗", "遮阳棚", "卷闸门", "推窗器", "梦幻帘",
    "罗马帘", "喷泉", "水泵", "割草机", "灌溉", "洒水器", "灭蚊灯", "服务器", "交换机", "钢琴",
    "衣柜", "书桌", "梳妆台", "橱柜灯",
]  # fmt: skip
ZH_PROPERTIES = [
    "红色", "蓝色", "绿色", "白色", "黑色", "大", "小", "新", "旧", "智能", "老", "圆", "方",
    "金色", "木头", "玻璃", "卡通", "星空", "月亮", "彩虹", "海洋", "森林",
]  # fmt: skip
MIXED = [
    "WiFi", "LED", "TV", "iPad", "Netflix", "YouTube", "Apple TV", "HomePod", "Switch", "Xbox",
    "Home Assistant", "Party", "Yoga", "DJ", "KTV", "VIP", "VR", "PS五", "NAS", "CD", "USB", "Logo",
    "Bluetooth", "Spotify", "Alexa", "Echo", "Sonos", "Zigbee", "Kindle", "PPT", "Email", "Office",
    "Studio", "Loft", "Bar", "Hello Kitty", "Tony", "Lucy", "Jazz", "Rock", "Disco", "GPS", "AI",
]  # fmt: skip


def english_person(rng: random.Random) -> str:
    return rng.choice(EN_PEOPLE)


def english_area(rng: random.Random) -> str:
    """A room or place, at times an owner's or one of several."""
    area, kind = rng.choice(EN_AREAS), rng.random()
    if kind < 0.2:
        return f"{english_person(rng)}'s {rng.choice(['room', 'bedroom', 'office', area])}"
    return f"{rng.choice(EN_PLACES)} {area}" if kind < 0.4 else area


def english_thing(rng: random.Random) -> str:
    """A device, at times with a property, an owner or a place."""
    thing, kind = rng.choice(EN_THINGS), rng.random()
    if kind < 0.3:
        return f"{rng.choice(EN_ADJECTIVES)} {thing}"
    if kind < 0.4:
        return f"{english_person(rng)}'s {thing}"
    return f"{rng.choice(EN_PLACES)} {thing}" if kind < 0.5 else thing


def mandarin_area(rng: random.Random) -> str:
    area, kind = rng.choice(ZH_AREAS), rng.random()
    if kind < 0.2:
        return rng.choice(ZH_PEOPLE) + rng.choice(["的房间", "的卧室", "房间", "的书房"])
    return rng.choice(ZH_PLACES) + rng.choice(["", "的"]) + area if kind < 0.4 else area


def mandarin_thing(rng: random.Random) -> str:
    thing, kind = rng.choice(ZH_THINGS), rng.random()
    if kind < 0.25:
        return rng.choice(ZH_PROPERTIES) + thing
    if kind < 0.35:
        return rng.choice(ZH_PEOPLE) + rng.choice(["的", ""]) + thing
    return thing
