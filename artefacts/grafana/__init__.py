"""What Grafana needs: a dashboard of the fleet, one of a domain, provisioning files and alert rules of its own."""
