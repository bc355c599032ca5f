#!/bin/sh
# Keeps jobs off a node whose environments do not match their locks: Slurm requeues the job and drains the node.
# The lock of each environment, such as /opt/envs/train, is beside it: /opt/envs/train.json.
envs=/opt/envs
lockstep="python3 -I -S /opt/lockstep.pyz"

status=0
for lock in "$envs"/*.json; do
    $lockstep verify --prefix "${lock%.json}" --lock "$lock" || status=1
done
exit $status
