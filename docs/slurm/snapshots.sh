#!/bin/sh
# Every node writes a snapshot to a shared folder.
mkdir -p /shared/fleet
srun --nodes=2 --ntasks-per-node=1 sh -c 'python3 -I /opt/lockstep.pyz snapshot \
    --prefix /opt/envs/train --output "/shared/fleet/$SLURMD_NODENAME.json"'
