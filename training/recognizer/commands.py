"""The sentences the demo recognizer learns: what people say to a home, in English and Mandarin.

Templates with slots, filled at random from a seed. Numbers are words, since the model writes what
it hears.
"""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

EN_ROOMS = [
    "living room", "kitchen", "bedroom", "bathroom", "hallway", "office", "garage", "garden",
    "dining room", "basement", "attic", "guest room", "kids room", "study", "balcony",
    "laundry room",
    "front door", "patio", "entrance", "nursery", "master bedroom", "terrace", "upstairs",
    "downstairs",
]  # fmt: skip
EN_LIGHTS = ["light", "lights", "lamp", "ceiling light", "floor lamp", "night light", "desk lamp",
             "bedside lamp", "reading light", "wall light", "spotlights", "chandelier"]  # fmt: skip
EN_DEVICES = ["fan", "heater", "television", "TV", "speaker", "air conditioner", "humidifier",
              "air purifier", "coffee maker", "radio", "computer", "outlet", "switch", "kettle",
              "dishwasher", "washing machine", "oven", "camera", "projector", "plug",
              "dehumidifier", "towel heater", "ventilation", "sprinkler"]  # fmt: skip
EN_COVERS = ["blinds", "curtains", "shutters", "window", "garage door", "gate", "shades", "door"]
EN_COLORS = ["red", "green", "blue", "white", "yellow", "orange", "purple", "pink", "warm white"]
EN_SCENES = ["movie", "party", "dinner", "good night", "morning", "reading", "relax", "away",
             "bedtime", "work", "cleaning", "romantic", "guest"]  # fmt: skip
EN_ITEMS = ["milk", "bread", "eggs", "apples", "coffee", "butter", "rice", "cheese", "bananas",
            "soap", "tomatoes", "water", "tea", "sugar", "chicken", "batteries"]  # fmt: skip
EN_TEMPLATES = [
    "turn on the {room} {light}", "turn off the {room} {light}", "turn on the {room} {light}",
    "turn the {room} {light} on", "turn the {room} {light} off", "switch on the {room} {light}",
    "switch off the {room} {light}", "switch the {light} off in the {room}", "turn on the {light}",
    "turn off the {light}", "turn on the {light} in the {room}",
    "turn off the {light} in the {room}",
    "turn on all the lights", "turn off all the lights", "turn off all the lights in the {room}",
    "turn on the {room} {device}", "turn off the {room} {device}", "turn on the {device}",
    "turn off the {device}", "turn on the {device} in the {room}", "switch off the {device}",
    "please turn on the {room} {light}", "can you turn off the {room} {light}",
    "could you turn on the {light} please", "please turn off the {device}",
    "turn the {device} off in the {room}", "start the {device}", "stop the {device}",
    "dim the {room} {light}", "dim the {light} to {percent} percent", "brighten the {room} {light}",
    "set the {room} {light} to {percent} percent", "set {room} brightness to {percent} percent",
    "set the {light} brightness to {percent} percent", "set the {light} to {color}",
    "set the {room} {light} to {color}", "change the {light} color to {color}",
    "make the {room} {light} {color}", "set the temperature to {degrees} degrees",
    "set the {room} temperature to {degrees} degrees", "set the thermostat to {degrees} degrees",
    "make it warmer", "make it cooler in the {room}", "it is too cold in the {room}",
    "what is the temperature", "what is the temperature in the {room}", "how warm is the {room}",
    "what is the humidity in the {room}", "is the {cover} open", "is the {room} {light} on",
    "is the {room} window open", "are all the windows closed", "is the front door locked",
    "open the {cover}", "close the {cover}", "open the {room} {cover}", "close the {room} {cover}",
    "open the {cover} in the {room}", "set the {cover} to {percent} percent", "stop the {cover}",
    "lock the front door", "unlock the front door", "lock the {room} door", "unlock the door",
    "is the door locked", "set a timer for {count} minutes", "set a timer for {count} seconds",
    "set a timer for {count} hours", "set a {count} minute timer", "cancel the timer",
    "pause the timer", "resume the timer", "add {count} minutes to the timer",
    "how much time is left on the timer", "start a timer for one hour", "cancel all timers",
    "set an alarm for {hour} o'clock", "wake me up at {hour} thirty", "what time is it",
    "what day is it today", "what is the date", "what is the weather today",
    "what is the weather tomorrow", "will it rain tomorrow", "is it going to rain today",
    "activate the {scene} scene", "start the {scene} scene", "activate {scene} mode",
    "turn on {scene} mode", "run the {scene} script", "play some music",
    "play music in the {room}", "play jazz in the {room}", "pause the music", "stop the music",
    "next song", "previous track", "skip this song", "turn up the volume", "turn down the volume",
    "set the volume to {percent} percent", "set the {room} volume to {percent} percent",
    "mute the {device}", "unmute the speaker", "add {item} to my shopping list",
    "add {item} to the shopping list", "add {item} and {item} to my list",
    "remove {item} from the shopping list", "what is on my shopping list",
    "start the vacuum", "start the vacuum cleaner", "send the vacuum home", "vacuum the {room}",
    "stop the vacuum", "return the vacuum to its base", "set the fan speed to {percent} percent",
    "set the {room} fan to {level}", "turn up the heat", "turn down the heating in the {room}",
    "good morning", "good night", "hello", "thank you", "thanks a lot", "never mind", "stop",
    "cancel", "help", "tell me a joke", "how are you", "who are you", "what can you do",
    "I am home", "I am leaving now", "goodbye", "yes", "no", "okay", "arm the alarm",
    "disarm the alarm", "where is my phone", "find my phone", "is anyone home",
    "how much power does the {device} use", "what is the battery level of my phone",
    "broadcast dinner is ready", "say hello to everyone", "remind me to buy {item}",
]  # fmt: skip
EN_LEVELS = ["low", "medium", "high", "maximum", "auto"]
EN_ONES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
           "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
           "eighteen", "nineteen"]  # fmt: skip
EN_TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]

ZH_ROOMS = ["客厅", "厨房", "卧室", "主卧", "次卧", "书房", "卫生间", "浴室", "走廊", "餐厅",
            "阳台", "车库", "花园", "儿童房", "办公室", "门口", "楼上", "楼下", "客房", "洗手间",
            "地下室", "衣帽间", "院子", "老人房"]  # fmt: skip
ZH_LIGHTS = ["灯", "灯", "灯", "台灯", "吊灯", "落地灯", "夜灯", "床头灯", "主灯", "射灯", "壁灯",
             "灯带",
             "吸顶灯"]  # fmt: skip
ZH_DEVICES = ["空调", "电视", "风扇", "加湿器", "空气净化器", "热水器", "音箱", "插座", "开关",
              "扫地机器人", "咖啡机", "洗衣机", "电脑", "暖气", "除湿机", "投影仪", "油烟机",
              "电饭煲", "摄像头", "新风", "地暖", "电风扇", "路由器", "洗碗机"]  # fmt: skip
ZH_COVERS = ["窗帘", "百叶窗", "窗户", "车库门", "大门", "卷帘", "纱帘", "门"]
ZH_COLORS = ["红色", "绿色", "蓝色", "白色", "黄色", "紫色", "橙色", "粉色", "暖白色"]
ZH_SCENES = ["回家", "离家", "睡眠", "观影", "起床", "阅读", "会客", "用餐", "浪漫", "工作", "聚会"]
ZH_ITEMS = ["牛奶", "面包", "鸡蛋", "苹果", "咖啡", "大米", "香蕉", "蔬菜", "水果", "肥皂", "电池"]
ZH_LEVELS = ["低速", "中速", "高速", "自动", "最大", "最小"]
ZH_TEMPLATES = [
    "打开{room}的{light}", "打开{room}{light}", "关闭{room}的{light}", "关掉{room}的{light}",
    "关闭{room}{light}", "请打开{room}的{light}", "请关闭{room}的{light}", "把{room}的{light}打开",
    "把{room}的{light}关掉", "把{room}{light}关了", "帮我打开{room}的{light}",
    "帮我关掉{room}{light}",
    "开{light}", "关{light}", "打开{light}", "关闭{light}", "打开所有的灯", "关闭所有的灯",
    "把所有的灯都关了", "打开{device}", "关闭{device}", "打开{room}的{device}",
    "关闭{room}的{device}",
    "关掉{device}", "把{device}打开", "把{room}的{device}关掉", "请打开{device}",
    "帮我把{device}关了",
    "启动{device}", "停止{device}", "打开{room}{device}", "关掉{room}{device}",
    "把{room}的灯调到百分之{percent}", "{room}的灯调亮一点", "{room}的灯调暗一点", "把{light}调亮",
    "把{light}调暗", "亮度调到百分之{percent}", "把{room}的亮度设为百分之{percent}",
    "把{light}调成{color}", "{room}的灯变成{color}", "把{room}的灯设为{color}",
    "把{room}的空调调到{degrees}度", "空调调到{degrees}度", "把温度调到{degrees}度",
    "温度设置为{degrees}度", "{room}温度设为{degrees}度", "把空调温度调高一点", "温度调低一点",
    "有点冷", "太热了", "现在温度是多少", "{room}的温度是多少", "{room}现在多少度",
    "{room}的湿度是多少",
    "{room}的灯开着吗", "{cover}关了吗", "门锁了吗", "窗户都关好了吗", "打开{cover}", "关闭{cover}",
    "拉开{room}的{cover}", "关上{room}的{cover}", "打开{room}的{cover}", "把{cover}关上",
    "{cover}开到百分之{percent}", "停止{cover}", "锁上大门", "把门锁上", "打开门锁",
    "设置一个{count}分钟的定时器", "定时{count}分钟", "{count}分钟后提醒我", "{count}秒倒计时",
    "设一个{count}小时的计时器", "取消定时器", "暂停计时器", "计时器还剩多少时间",
    "明天早上{hour}点叫我起床", "设一个{hour}点的闹钟", "{hour}点半叫醒我", "现在几点了",
    "今天星期几",
    "今天几号", "今天天气怎么样", "明天天气怎么样", "明天会下雨吗", "外面冷不冷", "打开{scene}模式",
    "启动{scene}场景", "切换到{scene}模式", "执行{scene}场景", "播放音乐", "在{room}播放音乐",
    "放一首歌", "暂停播放", "停止播放", "下一首", "上一首", "声音大一点", "声音小一点",
    "音量调到百分之{percent}", "把{room}的音量调到百分之{percent}", "静音", "把{item}加到购物清单",
    "购物清单里有什么", "从购物清单里删除{item}", "提醒我买{item}", "开始扫地",
    "扫地机器人回去充电",
    "打扫{room}", "停止扫地", "风扇调到{level}", "空调调成{level}", "把{room}风扇开到{level}",
    "空调调成制冷模式", "空调调成制热模式", "早上好", "晚安", "你好", "谢谢", "谢谢你", "算了",
    "停止",
    "取消", "帮助", "讲个笑话", "你是谁", "你会做什么", "我回来了", "我出门了", "再见", "好的",
    "是的",
    "不用了", "开启安防", "解除警报", "家里有人吗", "手机在哪里", "{device}用了多少电",
    "打开电视机",
    "把电视声音调小", "打开WiFi", "打开{room}的TV", "关闭{room}的LED灯", "打开Netflix",
]  # fmt: skip
ZH_DIGITS = "零一二三四五六七八九"


@dataclass(frozen=True)
class Sentence:
    """A spoken sentence: `text` as the model writes it with punctuation, `words` without."""

    language: str
    words: str

    @property
    def text(self) -> str:
        if self.language == "zh":
            return self.words + ("？" if _ZH_QUESTION.search(self.words) else "。")
        mark = "?" if _EN_QUESTION.match(self.words) else "."
        return self.words[0].upper() + re.sub(r"\bi\b", "I", self.words[1:]) + mark


_ZH_QUESTION = re.compile(r"(吗|什么|多少|几点了|几号|几|谁|怎么样|哪里|多少度|不冷|时间)$")
_EN_QUESTION = re.compile(r"(what|is|are|how|who|where|will|can|could) ")


def english_number(n: int) -> str:
    """A number from 0 to 100 in words."""
    if n == 100:
        return "one hundred"
    if n < 20:
        return EN_ONES[n]
    return EN_TENS[n // 10] + (f" {EN_ONES[n % 10]}" if n % 10 else "")


def chinese_number(n: int) -> str:
    """A number from 0 to 100 in characters."""
    if n == 100:
        return "百"
    if n < 10:
        return ZH_DIGITS[n]
    tens = "" if n < 20 else ZH_DIGITS[n // 10]
    return f"{tens}十" + (ZH_DIGITS[n % 10] if n % 10 else "")


def sentences(language: str, count: int, seed: int) -> list[Sentence]:
    """`count` different sentences; the same seed gives the same ones.

    Templates take turns, so that each sentence pattern is heard about equally often.
    """
    rng = random.Random(f"{language}{seed}")
    templates = list(EN_TEMPLATES if language == "en" else ZH_TEMPLATES)
    fill = fill_english if language == "en" else fill_mandarin
    found: dict[str, Sentence] = {}
    for template in _rounds(templates, rng):
        words = _filled(template, fill, rng)
        found.setdefault(words, Sentence(language, words))
        if len(found) == count:
            return list(found.values())
    raise AssertionError("the templates never end")


def _rounds(templates: list[str], rng: random.Random) -> Iterator[str]:
    while True:
        rng.shuffle(templates)
        yield from templates
        # patterns with slots carry most of the variety
        yield from (t for t in templates if "{room}" in t)


def _filled(template: str, fill: Callable[[str, random.Random], str], rng: random.Random) -> str:
    return re.sub(r"\{(\w+)\}", lambda slot: fill(slot.group(1), rng), template)


def fill_english(slot: str, rng: random.Random) -> str:
    """A random word for a slot of the English templates."""
    numbers = {"percent": (5, 100), "degrees": (15, 30), "count": (2, 59), "hour": (1, 12)}
    if slot in numbers:
        return english_number(rng.randint(*numbers[slot]))
    table = {"room": EN_ROOMS, "light": EN_LIGHTS, "device": EN_DEVICES, "cover": EN_COVERS,
             "color": EN_COLORS, "scene": EN_SCENES, "item": EN_ITEMS,
             "level": EN_LEVELS}  # fmt: skip
    return rng.choice(table[slot])


def fill_mandarin(slot: str, rng: random.Random) -> str:
    """A random word for a slot of the Mandarin templates."""
    numbers = {"percent": (5, 100), "degrees": (16, 30), "count": (2, 59), "hour": (1, 12)}
    if slot in numbers:
        number = rng.randint(*numbers[slot])
        return "两" if number == 2 and slot in ("count", "hour") else chinese_number(number)
    table = {"room": ZH_ROOMS, "light": ZH_LIGHTS, "device": ZH_DEVICES, "cover": ZH_COVERS,
             "color": ZH_COLORS, "scene": ZH_SCENES, "item": ZH_ITEMS,
             "level": ZH_LEVELS}  # fmt: skip
    return rng.choice(table[slot])
