#!/bin/sh
# Drains a node before a job comes to it, and says why: Slurm runs this on every node each HealthCheckInterval.
said=$(/etc/slurm/lockstep-prolog.sh 2>&1) && exit 0
why=$(printf '%s\n' "$said" | awk '/^  (critical|high|medium|low) |^lockstep: / { $1 = $1; print; exit }')
scontrol update nodename="${SLURMD_NODENAME:-$(hostname -s)}" state=drain reason="lockstep: ${why#lockstep: }"
