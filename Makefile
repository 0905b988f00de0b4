# `make demo` and `make test` set themselves up in a virtual environment; nothing else is touched.
PYTHON ?= python3
VENV ?= .venv
INSTALLED = $(VENV)/.installed

.PHONY: demo test lint docs clean

demo: $(INSTALLED)
	$(VENV)/bin/python -m demo $(if $(ONCE),--once) $(WAV)

test: $(INSTALLED)
	$(VENV)/bin/python -m pytest

lint: $(INSTALLED)
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/hadolint addon/*/Dockerfile docker/Dockerfile
	$(VENV)/bin/shellcheck --shell=bash $(shell find addon -name run -o -name finish)
	$(VENV)/bin/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml docker/bridge.yml
	$(VENV)/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --constraint constraints.txt --editable '.[all,dev]'
	touch $@

docs: $(INSTALLED)
	$(VENV)/bin/python -m docs.write_settings
	$(VENV)/bin/python -m addon.write_options

clean:
	rm -rf $(VENV)
