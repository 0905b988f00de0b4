# `make demo` and `make test` set themselves up in a virtual environment; nothing else is touched.
# The demo needs a fraction of what the tests need, so each installs no more than its own.
PYTHON ?= python3
VENV ?= .venv
DEMO = $(VENV)/.installed-demo
DEV = $(VENV)/.installed-dev
HOME_ASSISTANT ?= 2025.12.5

INTEGRATIONS = .venv-integrations
RAY = .venv-ray
# What Pipecat wants in other versions than those that are tried out with everything else.
HELD_BACK = protobuf|soundfile|soxr

.PHONY: demo test test-home-assistant test-integrations test-ray lint docs clean

demo: $(DEMO)
	$(VENV)/bin/python -m demo $(if $(ONCE),--once) $(WAV)

# The programs that tests start by the hundred find their sources compiled.
test: export PYTHONDONTWRITEBYTECODE =
test: $(DEV)
	$(VENV)/bin/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

# Home Assistant goes into an environment of its own, one for each version.
test-home-assistant: $(DEV)
	tests/client/install_home_assistant.sh $(HOME_ASSISTANT) .home-assistant/$(HOME_ASSISTANT)
	HOME_ASSISTANT=$(HOME_ASSISTANT) $(VENV)/bin/python -m pytest tests/client

# LiveKit, Pipecat and Ray are hundreds of packages that nothing else needs.
test-integrations: $(INTEGRATIONS)/.installed
	$(INTEGRATIONS)/bin/python -m pytest integrations

test-ray: $(RAY)/.installed
	$(RAY)/bin/python -m pytest $(wildcard tests/*/ray)

$(INTEGRATIONS)/.installed: pyproject.toml constraints.txt $(wildcard integrations/*/pyproject.toml)
	$(PYTHON) -m venv $(INTEGRATIONS)
	grep --invert-match --extended-regexp '^($(HELD_BACK))==' constraints.txt \
		> $(INTEGRATIONS)/constraints.txt
	$(INTEGRATIONS)/bin/python -m pip install --quiet --constraint $(INTEGRATIONS)/constraints.txt \
		--editable '.[demo,test]' \
		$(foreach package,$(wildcard integrations/*/pyproject.toml),--editable $(dir $(package)))
	touch $@

$(RAY)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m demo.install $(RAY) demo,ray,test,tracing
	touch $@

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
	rm -rf $(VENV) $(INTEGRATIONS) $(RAY) .home-assistant
