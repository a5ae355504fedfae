# make demo    train the demo and show recommendations
# make test    run the whole test suite
# make lint    formatting, types, import rules, spelling, links
# make venv    make .venv from requirements.lock (the others do it themselves)
# PYTHON=/path/to/python3.12 chooses the interpreter; JOBS=1 tests one file after the other.

BIN := .venv/bin
JOBS := 2

.PHONY: demo test lint venv lock

demo: venv
	$(BIN)/tfrs train --config demo
	@echo; echo "A known user:"
	$(BIN)/tfrs recommend demo --user u1
	@echo; echo "A new user after three clicks:"
	$(BIN)/tfrs recommend demo --history i1,i2,i3
	@echo; echo "Nothing known:"
	$(BIN)/tfrs recommend demo

test: venv
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/python scripts/check_links.py

venv:
	@scripts/venv

lock:
	scripts/lock
