#!/usr/bin/env bash
# Make a virtual environment in which tests/client/home_assistant.py runs:
#
#     install_home_assistant.sh VERSION FOLDER        (then FOLDER/venv/bin/python)
#
# Version 2025.12.5 needs Python 3.13, 2026.11.0 needs 3.14: HOME_ASSISTANT_PYTHON names one, or uv
# finds or downloads it.
set -euo pipefail

version=$1 folder=$2
case $version in 2025.*) needs=3.13 ;; *) needs=3.14 ;; esac

[ -x "$folder/uv/bin/uv" ] || {
    python3 -m venv "$folder/uv"
    "$folder/uv/bin/pip" install --quiet uv
}
uv() { "$folder/uv/bin/uv" "$@" --quiet; }
python=$folder/venv/bin/python
[ -x "$python" ] || uv venv --python "${HOME_ASSISTANT_PYTHON:-$needs}" "$folder/venv"
# Home Assistant asks for a late patch release; the first of its minor release does as well.
install() { uv pip install --python "$python" --python-version "$needs.2" "$@"; }

install "homeassistant==$version"
package=$("$python" -c 'import homeassistant; print(homeassistant.__path__[0])')
# Components bring their requirements in manifests; Home Assistant would install them as it runs.
"$python" - "$package" >"$folder/requirements.txt" <<'PYTHON'
import json, sys
from pathlib import Path

USED = """assist_pipeline assist_satellite automation backup config conversation ffmpeg hassio
    homeassistant http input_boolean intent light media_source mqtt scene script shopping_list stt
    template tts wyoming zeroconf""".split()

todo, seen, requirements = list(USED), set(), set()
while todo:
    component = todo.pop()
    if component in seen:
        continue
    seen.add(component)
    manifest = json.loads(Path(sys.argv[1], "components", component, "manifest.json").read_text())
    requirements.update(manifest.get("requirements", []))
    todo += manifest.get("dependencies", [])
print("\n".join(sorted(requirements)))
PYTHON
install --requirement "$folder/requirements.txt" --constraint "$package/package_constraints.txt" \
    imageio-ffmpeg
"$python" -c 'import homeassistant.const, pymicro_vad, wyoming
print("Home Assistant", homeassistant.const.__version__, "is ready")'
