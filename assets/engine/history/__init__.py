"""History on a distributed engine: the same rules over more than one machine, adopted here and nowhere else."""
