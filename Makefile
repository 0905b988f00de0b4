# `make demo` and `make test` set themselves up in a virtual environment; nothing else is touched.
# The demo needs a fraction of what the tests need, so each installs no more than its own.
PYTHON ?= python3
VENV ?= .venv
DEMO = $(VENV)/.installed-demo
DEV = $(VENV)/.installed-dev
HOME_ASSISTANT ?= 2025.12.5

.PHONY: demo test test-home-assistant lint docs clean

demo: $(DEMO)
	$(VENV)/bin/python -m demo $(if $(ONCE),--once) $(WAV)

test: $(DEV)
	$(VENV)/bin/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

# Home Assistant goes into an environment of its own, one for each version.
test-home-assistant: $(DEV)
	tests/client/install_home_assistant.sh $(HOME_ASSISTANT) .home-assistant/$(HOME_ASSISTANT)
	HOME_ASSISTANT=$(HOME_ASSISTANT) $(VENV)/bin/python -m pytest tests/client

lint: $(DEV)
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/hadolint addon/*/Dockerfile docker/Dockerfile
	$(VENV)/bin/shellcheck --shell=bash $(shell find addon -name run -o -name finish) $(wildcard */*.sh */*/*.sh) .ci/run
	$(VENV)/bin/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml docker/bridge.yml
	$(VENV)/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml

$(DEMO) $(DEV): pyproject.toml constraints.txt
	$(PYTHON) -m demo.install $(VENV) $(EXTRAS)
	touch $@

$(DEMO): EXTRAS = demo
$(DEV): EXTRAS = all,dev

docs: $(DEV)
	$(VENV)/bin/python -m docs.write_addresses
	$(VENV)/bin/python -m docs.write_settings
	$(VENV)/bin/python -m addon.write_options

clean:
	rm -rf $(VENV) .home-assistant
