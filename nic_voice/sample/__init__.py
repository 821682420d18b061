"""A made-up owner: his Nexus, row by row with the truth about it, in an embedded PostgreSQL or a given one."""
