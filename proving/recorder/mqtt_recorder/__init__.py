"""Records what a balancer hands on: PROXY v2 with all of its TLVs, and CONNECT of any version of MQTT."""
