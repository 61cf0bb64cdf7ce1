"""What Prometheus and Alertmanager need: scrape configurations, recording and alert rules with their tests, routing.

`python -m artefacts.prometheus --settings FILE --output FOLDER` makes it all with other settings than ours.
"""
