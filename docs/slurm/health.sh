#!/bin/sh
# Drains a node that does not match its locks, with the reason. Slurm runs this on every node each HealthCheckInterval.
report=$(/etc/slurm/lockstep-prolog.sh 2>&1) && exit 0
why=$(printf '%s\n' "$report" | awk '/^  (critical|high|medium|low) |^lockstep: / { $1 = $1; print; exit }')
scontrol update nodename="${SLURMD_NODENAME:-$(hostname -s)}" state=drain reason="lockstep: ${why#lockstep: }"
