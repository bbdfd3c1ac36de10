#!/bin/bash
# examples.sh - every strategy of the library is released, has a contract, takes its facts and settles a
# month of readings in one store.
set -u
cd "$(dirname "$0")/../.." || exit 1
exec python3 -B tests/scenario/examples.py build/sunkeeper
