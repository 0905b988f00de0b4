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

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --constraint constraints.txt --editable '.[all,dev]'
	touch $@

docs: $(INSTALLED)
	$(VENV)/bin/python -m docs.write_settings

clean:
	rm -rf $(VENV)
