-- One schema a domain. A service names its own in qbtc.yaml (`database`), and gets a role with rights on that one only.

create schema if not exists ce3_tools;
create schema if not exists cio_consciousness;
create schema if not exists qcs_quantum;
create schema if not exists hft_trading;
create schema if not exists web_sessions;
