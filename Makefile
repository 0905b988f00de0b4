# `make demo` and `make test` set themselves up in a virtual environment; nothing else is touched.
PYTHON ?= python3
VENV ?= .venv
INSTALLED = $(VENV)/.installed
HOME_ASSISTANT ?= 2025.12.5

.PHONY: demo test test-home-assistant lint docs clean

demo: $(INSTALLED)
	$(VENV)/bin/python -m demo $(if $(ONCE),--once) $(WAV)

test: $(INSTALLED)
	$(VENV)/bin/python -m pytest

# Home Assistant goes into an environment of its own, one for each version.
test-home-assistant: $(INSTALLED)
	tests/client/install_home_assistant.sh $(HOME_ASSISTANT) .home-assistant/$(HOME_ASSISTANT)
	HOME_ASSISTANT=$(HOME_ASSISTANT) $(VENV)/bin/python -m pytest tests/client

lint: $(INSTALLED)
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/hadolint addon/*/Dockerfile docker/Dockerfile
	$(VENV)/bin/shellcheck --shell=bash $(shell find addon -name run -o -name finish) $(wildcard */*.sh */*/*.sh) .ci/run
	$(VENV)/bin/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml docker/bridge.yml
	$(VENV)/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --constraint constraints.txt --editable '.[all,dev]'
	touch $@

docs: $(INSTALLED)
	$(VENV)/bin/python -m docs.write_addresses
	$(VENV)/bin/python -m docs.write_settings
	$(VENV)/bin/python -m addon.write_options

clean:
	rm -rf $(VENV) .home-assistant
