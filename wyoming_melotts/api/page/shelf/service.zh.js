/** What the text-to-speech service's page says, in Chinese. */

export const zh = {
  "Text to speech": "语音合成",
  "Speak": "朗读",
  "Voice": "音色",
  "the one that fits the text": "按文字选择",
  "Speed": "语速",
  "Stop": "停止",
  "Loudness": "音量",
  "One moment.": "请稍候。",
  "How it is read": "怎样读",
  "Each word as it is spoken, with its phones above it. It changes as you write, before anything is spoken.":
    "每个词按读法显示，上方是它的音素。输入时随之变化，不必先朗读。",
  "The first {0} characters are shown.": "只显示前 {0} 个字符。",
  "First audio after {0} ms; {1} s of audio in {2} s: real-time factor {3}.":
    "{0} 毫秒后开始出声；{1} 秒音频用时 {2} 秒：实时率 {3}。",
  "Voices on disk": "磁盘上的音色",
  "On disk": "磁盘",
  "no": "无",
  "{0} MB": "{0} MB",
  "{0} (to be downloaded)": "{0}（需要下载）",
  "downloading: {0} so far": "正在下载：已有 {0}",
  "put there by hand": "手动放置",
  "Delete {0}": "删除 {0}",
  "Download {0}": "下载 {0}",
  "Delete": "删除",
  "Delete a voice": "删除音色",
  "Delete {0} from the disk? It can be downloaded again.": "从磁盘删除 {0}？以后可以重新下载。",
  "When something is wrong": "出现问题时",
  "The first word comes late": "第一个字出来得慢",
  "Load the voice at start, and keep memory for it: a voice that left memory is read from disk again.":
    "启动时就加载音色，并为它留出内存：离开内存的音色要重新从磁盘读取。",
  "It speaks too fast or too slowly": "读得太快或太慢",
  "It reads a number or a unit wrong": "数字或单位读错",
  "Look at the words above. The rules for homes can be turned off; then it reads exactly as MeloTTS does.":
    "看上面的词。家居读法规则可以关闭，关闭后与 MeloTTS 完全一样。",
  "It sounds monotonous, or restless": "声音单调，或起伏太大",
  "It breaks off when many listen": "多人使用时断断续续",
  "A real-time factor above 1 means that it computes more slowly than it is heard.":
    "实时率大于 1，表示计算比播放慢。",
};
