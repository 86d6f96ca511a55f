# One word each. Needs Python 3.11+ and make, nothing else; the rest is installed into .venv.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
export PYTHONUNBUFFERED := 1

.PHONY: help run test check house demo crash-demo bench bench-media bench-media-quick outage soak fuzz bench-sandbox bench-virtual bench-campaigns bench-agents bench-replay chaos pause contention crowd bench-slots echo first-audio speech-ahead dialogues test-pipecat far-end serve lock setup setup-dev clean

help:  ## list these commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: .venv/installed  ## install what the project needs to run, into .venv

setup-dev: .venv/installed-dev  ## install what the tests need as well

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

run: setup  ## portal on :8000, sandbox on :9000, worker, scheduler; a demo campaign at the first start
	@$(BIN)/python -m awaaz_project.launch run

serve: setup  ## for real accounts: portal on :8000, worker, scheduler; no sandbox, no demonstration, data of its own
	@$(BIN)/python -m awaaz_project.launch serve

demo: setup  ## the same without a browser, once: import, upload, call, reconcile; prints the totals
	@$(BIN)/python -m awaaz_project.launch demo

crash-demo: setup  ## make demo twice, the second time with kill -9 of worker and web on the way
	@$(BIN)/python -m awaaz_project.launch crash-demo

test: setup-dev  ## every test, in both configurations; LONG=1: those too that take minutes of a core
	@$(BIN)/python -m tests.run

test-pipecat: setup-dev  ## call an agent on pipecat-ai, which is installed (520 MB) into .venv-pipecat
	@test -x .venv-pipecat/bin/python || $(PYTHON) -m venv .venv-pipecat
	@wanted="$$($(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["pipecat"])')" \
		&& .venv-pipecat/bin/pip install --quiet --disable-pip-version-check $$wanted
	PIPECAT_PYTHON=.venv-pipecat/bin/python $(BIN)/pytest -q tests/sandbox/test_third_parties.py --ds=sandbox.settings

check: setup-dev  ## style, types, architecture, migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/mypy --config-file sandbox/mypy.ini sandbox tests/sandbox bench/sandbox.py
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	DJANGO_SETTINGS_MODULE=sandbox.settings $(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python -m bench.house

house: setup-dev  ## measure how the code reads: docstrings, small helpers, import cycles; fails where a bound is missed
	@$(BIN)/python -m bench.house

bench: bench-media-quick  ## calls a core against stock Channels and plain ASGI, in under five minutes

bench-media: setup-dev  ## the same, three searches each and all contenders (about half an hour)
	@$(BIN)/python -m bench.media.run

bench-media-quick: setup-dev
	@$(BIN)/python -m bench.media.run --quick

outage: setup-dev  ## 50 calls, the database unreachable for 20 s: no event may be lost
	@$(BIN)/python -m bench.outage.run

soak: setup-dev  ## calls for minutes, memory must stay flat: MINUTES=30 CALLS=(60 % of capacity)
	@$(BIN)/python -m bench.soak $(if $(MINUTES),--minutes $(MINUTES)) $(if $(CALLS),--calls $(CALLS))

.venv/installed-fuzz: .venv/installed-dev requirements-fuzz.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-fuzz.txt
	@touch $@

fuzz: .venv/installed-fuzz  ## hostile frames, guided and by the million: SECONDS=60 FRAMES=1000000 RATE=2000
	@$(BIN)/python -m bench.hostile.run $(if $(SECONDS),--seconds $(SECONDS)) $(if $(FRAMES),--frames $(FRAMES)) $(if $(RATE),--rate $(RATE))

bench-sandbox: setup-dev  ## 200 calls from one process on one core: are their frames in time?
	@$(BIN)/python -m bench.sandbox

bench-virtual: setup-dev  ## 100,000 messages on the virtual clock, kill -9 twice on the way: MESSAGES=2000
	@$(BIN)/python -m bench.virtual.run $(if $(MESSAGES),--messages $(MESSAGES))

bench-campaigns: setup-dev  ## cost of a row from import to last state on PostgreSQL, against COPY and bare httpx: ROWS=1000000
	@$(BIN)/python -m bench.campaigns.run $(if $(ROWS),--rows $(ROWS))

bench-agents: setup-dev  ## what an event costs a dialogue, against the menu agent of before: ROUNDS=400
	@$(BIN)/python -m bench.agents.run $(if $(ROUNDS),--rounds $(ROUNDS))

bench-replay: setup-dev  ## 10,000 past calls replayed with the version they were held with: none may differ: CALLS=10000
	@$(BIN)/python -m bench.replay.run $(if $(CALLS),--calls $(CALLS))

chaos: setup-dev  ## campaigns in which everything fails that can, a run for each seed: SEEDS=200 FIRST=1 PEOPLE=150
	@$(BIN)/python -m bench.chaos.run $(if $(SEEDS),--seeds $(SEEDS)) $(if $(FIRST),--first $(FIRST)) $(if $(PEOPLE),--people $(PEOPLE))

contention: setup-dev  ## files, pauses, opt-outs, uploads and polls that lock the same rows at once, on PostgreSQL: ROUNDS=100
	@$(BIN)/python -m bench.contention.run $(if $(ROUNDS),--rounds $(ROUNDS))

pause: setup-dev  ## 15,000 calls under way, slow lists, stragglers, a silent account beside: a pause, and nobody rung a minute later: CALLS=1500
	@$(BIN)/python -m bench.pause.run $(if $(CALLS),--calls $(CALLS))

echo: setup-dev  ## our prompts through loudspeakers in rooms, quiet speech, coughs and music: what cuts a prompt
	@$(BIN)/python -m bench.echo.run

far-end: setup-dev  ## what people hear at every far end that is known, over ways of 0 to 1 s, against our log
	@$(BIN)/python -m bench.far_end.run

crowd: setup-dev  ## 500 callers in one second on both servers: each served or refused within 2 s: ARRIVALS=500
	@$(BIN)/python -m bench.crowd.run $(if $(ARRIVALS),--arrivals $(ARRIVALS))

speech-ahead: setup-dev  ## what it costs to have people's words spoken before their calls, of every ready dialogue: PEOPLE=40
	@$(BIN)/python -m bench.speech_ahead.run $(if $(PEOPLE),--people $(PEOPLE))

first-audio: setup-dev  ## 50 calls with words of their own: first audio 100 ms after start, nothing synthesised in the call: CALLS=50
	@$(BIN)/python -m bench.first_audio.run $(if $(CALLS),--calls $(CALLS))

bench-slots: setup-dev  ## 200 calls at once for 50 slots on PostgreSQL and SQLite: 50 booked, none twice, all others told: CALLS=200 SLOTS=50
	@$(BIN)/python -m bench.slots.run $(if $(CALLS),--calls $(CALLS)) $(if $(SLOTS),--slots $(SLOTS))

dialogues: setup-dev  ## every ready dialogue with seven kinds of people over real sockets, in two languages, and tests that pass every exit: ONLY=survey
	@$(BIN)/python -m bench.dialogues.run $(if $(ONLY),--only $(ONLY))

lock:  ## pin everything again from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --python-version 3.11 --no-emit-index-url --custom-compile-command "make lock" -o requirements.txt
	uv pip compile pyproject.toml --extra dev -c requirements.txt --python-version 3.11 --no-emit-index-url --custom-compile-command "make lock" -o requirements-dev.txt

clean:  ## remove var/ (all data!) and the environments
	rm -rf var .venv .venv-pipecat
