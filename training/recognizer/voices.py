"""Which synthetic voices speak for training, and which only judge."""

HELD_OUT = {
    "en": ["af_nova", "am_puck", "bf_lily", "bm_lewis", "am_onyx"],
    "zh": ["zf_xiaoyi", "zm_yunyang", "zf_xiaobei"],
}
"""Never heard in training, not even in a mixture."""

TRAINING = {
    "en": [
        "af_alloy", "af_aoede", "af_bella", "af_heart", "af_jessica", "af_kore", "af_nicole",
        "af_river", "af_sarah", "af_sky", "am_adam", "am_echo", "am_eric", "am_fenrir", "am_liam",
        "am_michael", "am_santa", "bf_alice", "bf_emma", "bf_isabella", "bm_daniel", "bm_fable",
        "bm_george",
    ],
    "zh": ["zf_xiaoni", "zf_xiaoxiao", "zm_yunjian", "zm_yunxi", "zm_yunxia"],
}  # fmt: skip
