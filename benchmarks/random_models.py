"""FunASR models of random weights in the official file formats, tiny or of real size.

They recognize nothing. Time and memory do not depend on the values of weights, so a real-size one
measures what the published model would cost; a tiny one tests everything but accuracy.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import sentencepiece
import torch
import yaml

from wyoming_funasr.engines.torch import (
    components,
    paraformer,
    paraformer_streaming,
    punctuation,
    sense_voice,
)

_TAGS = [
    "<|zh|>", "<|en|>", "<|yue|>", "<|ja|>", "<|ko|>", "<|nospeech|>",
    "<|HAPPY|>", "<|SAD|>", "<|ANGRY|>", "<|NEUTRAL|>", "<|EMO_UNKNOWN|>",
    "<|Speech|>", "<|BGM|>", "<|withitn|>", "<|woitn|>",
]  # fmt: skip
_CHARACTERS = list("打开关客厅卧室的灯空调温湿一二三四五度请把今天气")
_WORDS = ["turn", "on", "off", "the", "light", "living", "room", "kitchen"]


class Size(NamedTuple):
    """Widths and depths; `REAL` are those of the published models."""

    width: int
    heads: int
    hidden: int
    blocks: int
    late_blocks: int
    decoder_blocks: int
    vocabulary: int


TINY = Size(32, 2, 64, 2, 1, 1, 100)
REAL = Size(512, 4, 2048, 50, 20, 16, 25055)

_FSMN_VAD_MODULES = (
    "funasr.models.fsmn_vad_streaming.model",
    "funasr.models.fsmn_vad_streaming.encoder",
    "funasr.frontends.wav_frontend",
)

_FRONTEND = {
    "frontend": "WavFrontend",
    "frontend_conf": {
        "fs": 16000, "window": "hamming", "n_mels": 80, "frame_length": 25, "frame_shift": 10,
        "lfr_m": 7, "lfr_n": 6,
    },
}  # fmt: skip

_SENSE_VOICE_FILES = {
    "framework": "pytorch",
    "task": "auto-speech-recognition",
    "model": {"type": "funasr"},
    "file_path_metas": {
        "init_param": "model.pt",
        "config": "config.yaml",
        "tokenizer_conf": {"bpemodel": "random.bpe.model"},
        "frontend_conf": {"cmvn_file": "am.mvn"},
    },
}
"""configuration.json, by which FunASR's own AutoModel finds the files."""


def write_sense_voice(folder: Path, size: Size, seed: int = 0) -> Path:
    """A SenseVoice folder: configuration, model.pt, am.mvn, a sentencepiece model."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_sentencepiece(folder, size.vocabulary)
    encoder = {
        "output_size": size.width, "attention_heads": size.heads, "linear_units": size.hidden,
        "num_blocks": size.blocks, "tp_blocks": size.late_blocks, "dropout_rate": 0.1,
        "positional_dropout_rate": 0.1, "attention_dropout_rate": 0.1, "input_layer": "pe",
        "pos_enc_class": "SinusoidalPositionEncoder", "normalize_before": True,
        "kernel_size": 11, "sanm_shfit": 0, "selfattention_layer_type": "sanm",
    }  # fmt: skip
    config = {
        "model": "SenseVoiceSmall",
        "model_conf": {"length_normalized_loss": True, "sos": 1, "eos": 2, "ignore_id": -1},
        "encoder": "SenseVoiceEncoderSmall",
        "encoder_conf": encoder,
        "tokenizer": "SentencepiecesTokenizer",
        "tokenizer_conf": {"bpemodel": None, "unk_symbol": "<unk>", "split_with_space": True},
        **_FRONTEND,
    }
    _write_normalization(folder, 560)
    (folder / "configuration.json").write_text(json.dumps(_SENSE_VOICE_FILES))
    return _finish(folder, config, sense_voice.MODULES, seed)


def write_paraformer(
    folder: Path, size: Size, *, hotwords: bool, seed: int = 0, hotword_blocks: int = 2
) -> Path:
    """A Paraformer folder; with `hotwords` the SeACo variant, which also tells times."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = _write_paraformer_tokens(folder, size)
    config = _paraformer_config(size)
    if hotwords:
        config["model"] = "SeacoParaformer"
        config["model_conf"] |= {"inner_dim": size.width, "bias_encoder_type": "lstm",
                                 "NO_BIAS": vocabulary - 2}  # fmt: skip
        config["predictor"] = "CifPredictorV3"
        config["predictor_conf"] |= {"smooth_factor2": 0.25, "noise_threshold2": 0.01,
                                     "upsample_times": 3, "use_cif1_cnn": False,
                                     "upsample_type": "cnn_blstm"}  # fmt: skip
        config["seaco_decoder"] = "ParaformerSANMDecoder"
        config["seaco_decoder_conf"] = {**config["decoder_conf"], "num_blocks": hotword_blocks,
                                        "att_layer_num": hotword_blocks, "wo_input_layer": True,
                                        "use_output_layer": False, "kernel_size": 21}  # fmt: skip
    _write_normalization(folder, 560)
    return _finish(folder, config, paraformer.MODULES, seed)


def write_paraformer_streaming(folder: Path, size: Size, seed: int = 0) -> Path:
    """A folder of the streaming Paraformer."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_paraformer_tokens(folder, size)
    config = _paraformer_config(size)
    config |= {"model": "ParaformerStreaming", "encoder": "SANMEncoderChunkOpt",
               "frontend": "WavFrontendOnline"}  # fmt: skip
    config["encoder_conf"] |= {"input_layer": "pe_online", "chunk_size": [12, 15],
                               "stride": [8, 10], "pad_left": [0, 0],
                               "encoder_att_look_back_factor": [4, 4],
                               "decoder_att_look_back_factor": [1, 1]}  # fmt: skip
    config["decoder_conf"]["sanm_shfit"] = 5  # looks back only
    _write_normalization(folder, 560)
    return _finish(folder, config, paraformer_streaming.MODULES, seed)


def _write_paraformer_tokens(folder: Path, size: Size) -> int:
    """Write tokens.json; gives how many tokens there are."""
    tokens = ["<blank>", "<s>", "</s>", *_CHARACTERS, *_WORDS]
    tokens += [f"词{i}" for i in range(max(0, min(size.vocabulary, 8404) - len(tokens) - 1))]
    tokens.append("<unk>")
    (folder / "tokens.json").write_text(json.dumps(tokens, ensure_ascii=False), encoding="utf-8")
    return len(tokens)


def _paraformer_config(size: Size) -> dict[str, Any]:
    common = {
        "attention_heads": size.heads, "linear_units": size.hidden, "dropout_rate": 0.1,
        "positional_dropout_rate": 0.1, "kernel_size": 11, "sanm_shfit": 0,
    }  # fmt: skip
    decoder = {
        **common, "num_blocks": size.decoder_blocks, "att_layer_num": size.decoder_blocks,
        "self_attention_dropout_rate": 0.1, "src_attention_dropout_rate": 0.1,
    }  # fmt: skip
    return {
        "model": "Paraformer",
        "model_conf": {"ctc_weight": 0.0, "predictor_weight": 1.0, "predictor_bias": 1,
                       "sampling_ratio": 0.75},
        "encoder": "SANMEncoder",
        "encoder_conf": {**common, "output_size": size.width, "num_blocks": size.blocks,
                         "attention_dropout_rate": 0.1, "input_layer": "pe",
                         "pos_enc_class": "SinusoidalPositionEncoder", "normalize_before": True,
                         "selfattention_layer_type": "sanm"},
        "decoder": "ParaformerSANMDecoder",
        "decoder_conf": decoder,
        "predictor": "CifPredictorV2",
        "predictor_conf": {"idim": size.width, "threshold": 1.0, "l_order": 1, "r_order": 1,
                           "tail_threshold": 0.45},
        "tokenizer": "CharTokenizer",
        "tokenizer_conf": {"unk_symbol": "<unk>", "split_with_space": True},
        **_FRONTEND,
    }  # fmt: skip


def write_fsmn_vad(folder: Path, seed: int = 0) -> Path:
    """An fsmn-vad folder of the published size (0.4 M parameters)."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "model": "FsmnVADStreaming",
        "model_conf": {"sample_rate": 16000, "detect_mode": 1, "snr_mode": 0,
                       "max_end_silence_time": 800, "max_start_silence_time": 3000,
                       "max_single_segment_time": 60000, "window_size_ms": 200,
                       "sil_pdf_ids": [0], "speech_noise_thres": 0.6},
        "encoder": "FSMN",
        "encoder_conf": {"input_dim": 400, "input_affine_dim": 140, "fsmn_layers": 4,
                         "linear_dim": 250, "proj_dim": 128, "lorder": 20, "rorder": 0,
                         "lstride": 1, "rstride": 0, "output_affine_dim": 140,
                         "output_dim": 248},
        "frontend": "WavFrontendOnline",
        "frontend_conf": {**_FRONTEND["frontend_conf"], "lfr_m": 5, "lfr_n": 1},  # type: ignore[dict-item]
    }  # fmt: skip
    _write_normalization(folder, 400)
    return _finish(folder, config, _FSMN_VAD_MODULES, seed)


def write_ct_punc(folder: Path, size: Size, seed: int = 0) -> Path:
    """A ct-punc folder."""
    folder.mkdir(parents=True, exist_ok=True)
    tokens = ["<blank>", *_CHARACTERS, *_WORDS, "<unk>"]
    (folder / "tokens.json").write_text(json.dumps(tokens, ensure_ascii=False), encoding="utf-8")
    config = {
        "model": "CTTransformer",
        "model_conf": {"ignore_id": 0, "embed_unit": size.width, "att_unit": size.width,
                       "dropout_rate": 0.1, "punc_list": ["<unk>", "_", "，", "。", "？", "、"],
                       "punc_weight": [1.0] * 6, "sentence_end_id": 3},
        "encoder": "SANMEncoder",
        "encoder_conf": {"input_size": size.width, "output_size": size.width,
                         "attention_heads": size.heads, "linear_units": size.hidden,
                         "num_blocks": 2, "dropout_rate": 0.1, "positional_dropout_rate": 0.1,
                         "attention_dropout_rate": 0.0, "input_layer": "pe",
                         "pos_enc_class": "SinusoidalPositionEncoder", "normalize_before": True,
                         "kernel_size": 11, "sanm_shfit": 0, "selfattention_layer_type": "sanm",
                         "padding_idx": 0},
        "tokenizer": "CharTokenizer",
        "tokenizer_conf": {"unk_symbol": "<unk>"},
    }  # fmt: skip
    return _finish(folder, config, punctuation.MODULES, seed)


def _finish(folder: Path, config: dict[str, Any], modules: tuple[str, ...], seed: int) -> Path:
    (folder / "config.yaml").write_text(yaml.safe_dump(config, allow_unicode=True), "utf-8")
    torch.manual_seed(seed)
    model = components.create(folder, modules).model
    state = {}
    for name, value in model.state_dict().items():
        shape = tuple(value.shape)
        is_scale = "norm" in name and name.endswith("weight")
        state[name] = torch.ones(shape) if is_scale else torch.randn(shape) * 0.05
    torch.save(state, folder / "model.pt")
    return folder


def _write_sentencepiece(folder: Path, vocabulary: int) -> None:
    fixed = [*_CHARACTERS, *_TAGS]
    filler = [f"▁w{i}" for i in range(max(0, vocabulary - len(fixed) - 60))]
    lines = [" ".join(_WORDS), "".join(_WORDS), *(" ".join(_WORDS[i:]) for i in range(8))]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines * 10),
        model_prefix=str(folder / "random.bpe"),
        model_type="bpe",
        vocab_size=len(fixed) + len(filler) + 50,
        user_defined_symbols=[*filler, *fixed],
        hard_vocab_limit=False,
        minloglevel=2,
    )
    (folder / "random.bpe.vocab").unlink()


def _write_normalization(folder: Path, channels: int) -> None:
    """am.mvn as Kaldi's nnet text: a shift and a scale for each channel."""
    shift = " ".join(f"{value:.4f}" for value in np.full(channels, -12.0))
    scale = " ".join(f"{value:.4f}" for value in np.full(channels, 0.2))
    lines = [
        "<Nnet>",
        f"<Splice> {channels} {channels}", "[ 0 ]",
        f"<AddShift> {channels} {channels}", f"<LearnRateCoef> 0 [ {shift} ]",
        f"<Rescale> {channels} {channels}", f"<LearnRateCoef> 0 [ {scale} ]",
        "</Nnet>",
    ]  # fmt: skip
    (folder / "am.mvn").write_text("\n".join(lines) + "\n", encoding="utf-8")
