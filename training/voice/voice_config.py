"""The demo voice's `config.json`: MeloTTS's network, small, at 16 kHz."""

from typing import Any

from wyoming_melotts.synthesis.acoustic.config import AcousticConfig

MEL_BANDS = 80
LATENT_ROWS = MEL_BANDS + 2
"""The spectrogram, how high the pitch is, and whether there is one."""

_INITIALS = "b c ch d f g h j k l m n p q r s sh t w x y z zh"
_FINALS = (
    "AA E EE En OO a ai an ang ao e ei en eng er i i0 ia ian iang iao ie in ing iong ir iu o ong "
    "ou u ua uai uan uang ui un uo v van ve vn"
)
_ENGLISH = "V aa ae ah aw ay dh eh ey hh ih iy jh ng ow oy th uh uw"
SYMBOLS = ["_", *f"{_INITIALS} {_FINALS} {_ENGLISH}".split(), *"!?…,.'-", "SP", "UNK"]

CONTENT: dict[str, Any] = {
    "data": {
        "sampling_rate": 16000,
        "hop_length": 200,
        "add_blank": True,
        "disable_bert": True,
        "n_speakers": 1,
        "spk2id": {"demo": 0},
    },
    "model": {
        "inter_channels": LATENT_ROWS,
        "hidden_channels": 96,
        "filter_channels": 288,
        "n_heads": 2,
        "n_layers": 4,
        "kernel_size": 3,
        "n_layers_trans_flow": 3,
        "n_flow_layer": 2,
        "gin_channels": 16,
        "resblock": "1",
        "resblock_kernel_sizes": [3, 7],
        "resblock_dilation_sizes": [[1, 3, 5], [1, 3, 5]],
        "upsample_rates": [5, 2, 4, 5],
        "upsample_initial_channel": 256,
        "upsample_kernel_sizes": [11, 4, 8, 11],
    },
    "symbols": SYMBOLS,
    "num_tones": 16,
    "num_languages": 8,
}

CONFIG = AcousticConfig.from_json(CONTENT)
