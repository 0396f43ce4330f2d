"""Where runs are carried out beyond child processes of this machine: many devices, a cluster, the cloud."""
