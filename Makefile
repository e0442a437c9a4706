# `make` alone lists what there is. Every target does the set-up it needs first; see scripts/setup.sh.

RASLAB := .venv/bin/raslab
REPORT := reports/gre-performance
LISTEN := 127.0.0.1
PORT := 8888

.DEFAULT_GOAL := help
.PHONY: help setup demo test lab notebooks lint clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' Makefile

setup: ## install packages, make .venv, build the lab kernel if this computer's own cannot run labs
	@scripts/setup.sh lab

demo: setup ## measure what a GRE tunnel between two gateways costs, in real and in virtual time, and write reports
	@$(RASLAB) run gre-performance --report $(REPORT)/real
	@$(RASLAB) run gre-performance --virtual-time --report $(REPORT)/virtual

test: ## check the sources, run every test, on the host and in lab machines
	@scripts/setup.sh test
	@scripts/test.sh

lab: setup ## open JupyterLab on the notebooks; LISTEN=0.0.0.0 and PORT=8889 change where it listens
	@$(RASLAB) notebook --listen $(LISTEN) --port $(PORT)

notebooks: setup ## run the notebooks and store what they show, for those who change them
	@.venv/bin/python scripts/notebooks.py

lint: ## check the sources only
	@scripts/test.sh lint

clean: ## remove .venv, reports and caches of tools here; the lab kernel stays in your cache folder
	rm -rf .venv build reports *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
