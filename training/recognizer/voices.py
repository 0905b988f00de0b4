"""Which synthetic voices speak, and which are kept for judging only."""

ENGLISH = [
    "af_alloy", "af_aoede", "af_bella", "af_heart", "af_jessica", "af_kore", "af_nicole", "af_nova",
    "af_river", "af_sarah", "af_sky", "am_adam", "am_echo", "am_eric", "am_fenrir", "am_liam",
    "am_michael", "am_onyx", "am_puck", "bf_alice", "bf_emma", "bf_isabella", "bm_daniel",
    "bm_fable", "bm_george", "bm_lewis",
]  # fmt: skip
MANDARIN = ["zf_xiaobei", "zf_xiaoni", "zf_xiaoxiao", "zm_yunjian", "zm_yunxi", "zm_yunyang"]
HELD_OUT_ENGLISH = ["bf_lily", "am_santa"]
HELD_OUT_MANDARIN = ["zf_xiaoyi", "zm_yunxia"]
