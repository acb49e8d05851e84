-- One schema a domain. A service names its own (`database` of its service.yaml), and gets a role with rights on that one only.

create schema if not exists qcs_quantum;
