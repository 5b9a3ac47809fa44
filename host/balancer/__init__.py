"""What runs beside HAProxy and Keepalived."""
