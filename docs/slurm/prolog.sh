#!/bin/sh
# A node whose environments are not what was locked takes no job: Slurm requeues the job, and drains the node.
# Each environment, such as /opt/envs/train, has its lock beside it: /opt/envs/train.json.
envs=/opt/envs
lockstep="python3 -I -S /opt/lockstep.pyz"

status=0
for lock in "$envs"/*.json; do
    $lockstep verify --prefix "${lock%.json}" --lock "$lock" || status=1
done
exit $status
