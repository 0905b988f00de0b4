"""Sentences to choose by: written by hand, so that no template of the training makes them all."""

ENGLISH = [
    "could you stop the music now", "shut everything off downstairs please", "the bedroom is way too bright",
    "make the hallway a bit darker", "is the back door still unlocked", "how long until my tea is ready",
    "set a pasta timer for eleven minutes", "put olive oil on the grocery list", "I would like some jazz in here",
    "skip to the next song", "turn it down a little", "what will the weather be like on Saturday",
    "open the curtains in the nursery", "lower the shutters half way", "lights out", "everything off except the hall",
    "did somebody leave the garage open", "warm up the bathroom to twenty three", "tell the kids to come to dinner",
    "how humid is it in the greenhouse", "start cleaning the living room", "send the robot back to its dock",
    "wake me at ten to seven", "what is on my calendar tomorrow morning", "read me the news",
    "set the aquarium light to turquoise", "dim Oliver's lamp to fifteen percent", "is anybody at the front gate",
    "unlock the workshop", "mute the television in the den", "how much power are we using right now",
    "cancel the second timer", "remind me to call the dentist on Monday", "let the dishwasher run at midnight",
    "the quick fox jumped over a lazy dog", "we walked along the river until it was dark",
    "my phone number is five five two oh nine one", "she bought thirty four yellow balloons",
    "bring the ladder from the shed", "nobody answered the door yesterday",
]  # fmt: skip
MANDARIN = [
    "把音乐停了吧", "楼下的灯全都关掉", "卧室实在太亮了", "走廊弄暗一点", "后门锁了没有", "我的茶还要多久",
    "煮面的计时器定十一分钟", "买菜清单上加一瓶酱油", "这里放点爵士乐", "跳到下一首歌", "声音稍微小一点", "星期六天气会怎么样",
    "把婴儿房的窗帘打开", "百叶窗放下一半", "除了走廊全部关灯", "车库门是不是没关", "浴室加热到二十三度", "叫孩子们下来吃饭",
    "温室里湿度多少", "开始打扫客厅", "让扫地机器人回到充电座", "六点五十叫我起床", "明天上午有什么安排", "读一下今天的新闻",
    "鱼缸灯换成青绿色", "奶奶的台灯调到百分之十五", "大门口有人吗", "把工作间的锁打开", "书房的电视静音", "现在用了多少电",
    "第二个闹钟不要了", "周一提醒我打电话给牙医", "半夜再开洗碗机", "我们沿着河边一直走到天黑", "我的电话是五五二零九一",
    "她买了三十四个黄气球", "把梯子从仓库搬过来", "昨天没有人来开门", "打开客厅的Apple TV", "这件衣服多少钱",
]  # fmt: skip
